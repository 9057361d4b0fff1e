import type { FastifyRequest } from 'fastify'
import { callerOf } from '#adapters/http/caller.ts'
import { purposeOf } from '#adapters/http/purpose.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { Uuid } from '#core/uuid.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { type CallerRate, takeRate } from '#services/gateway/rates.ts'
import { isPolicyActive, type Reader } from '#services/gateway/release.ts'

/** As `readerOf`, within the rate of what is asked; refuses before anything is looked up. */
export const readerWithin = async (
  deps: GatewayDeps,
  request: FastifyRequest,
  what: CallerRate,
): Promise<Result<Reader>> => {
  const reader = await readerOf(deps, request)
  if (!reader.ok) return reader
  const refusal = await takeRate(deps, reader.value, what)
  return refusal === null ? reader : { ok: false, refusal }
}

/** Who asks, in which request, and why. */
export const readerOf = async (
  deps: GatewayDeps,
  request: FastifyRequest,
): Promise<Result<Reader>> => {
  const tokens = deps.tokenVerifier
  const { directory, clock } = deps
  if (!isPolicyActive(deps)) return refuse('policy-not-active')
  const caller = await callerOf(request, { tokens, directory, clock })
  if (!caller.ok) return caller
  const purpose = purposeOf(request)
  if (!purpose.ok) return purpose
  // createServer makes request ids with randomUUID.
  return accept({ caller: caller.value, requestId: request.id as Uuid, purpose: purpose.value })
}
