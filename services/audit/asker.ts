import type { FastifyRequest } from 'fastify'
import { type AuthenticatedCaller, callerOf } from '#adapters/http/caller.ts'
import { purposeOf } from '#adapters/http/purpose.ts'
import type { Purpose } from '#core/access-record.ts'
import { equalBytes } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { Taken } from '#core/ports/guard.ts'
import { accept, type Result } from '#core/refusal.ts'
import type { Uuid } from '#core/uuid.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { refuseQuery } from '#services/audit/query-record.ts'

/** Who asks the audit service, in which request, and why. */
export interface Asker {
  readonly caller: AuthenticatedCaller
  readonly requestId: Uuid
  readonly purpose: Purpose | null
}

/** Refuses those who ask too much before anything is looked up: every query is a record. */
export const askerOf = async (deps: AuditDeps, request: FastifyRequest): Promise<Result<Asker>> => {
  const { tokenVerifier: tokens, directory, policy, clock } = deps
  const active = directory.state.policyDigest
  if (active === null || !equalBytes(active, policy.digest)) {
    return { ok: false, refusal: { code: 'policy-not-active' } }
  }
  const caller = await callerOf(request, { tokens, directory, clock })
  if (!caller.ok) return caller
  const purpose = purposeOf(request)
  if (!purpose.ok) return purpose
  // createServer makes request ids with randomUUID.
  const requestId = request.id as Uuid
  const asker = { caller: caller.value, requestId, purpose: purpose.value }
  const taken = await takeOne(deps, asker)
  if (taken.allowed) return accept(asker)
  return { ok: false, refusal: { code: 'rate-limited', retryAfterMs: taken.retryAfterMs } }
}

const RATE = { perMinute: LIMITS.auditQueriesPerMinuteMax, burst: LIMITS.auditQueriesBurstMax }
const LIMITED_WINDOW_MS = 60_000

const takeOne = async (deps: AuditDeps, asker: Asker): Promise<Taken> => {
  const { principal, realm } = asker.caller
  // Realms apart: a runaway exercise must not shut an auditor out of the live log.
  const taken = await deps.guard.take(`audit-query:${realm}:${principal}`, RATE)
  if (taken.allowed) return taken
  // One record a window, or refusing would fill the log as asking does.
  if (await deps.guard.useOnce(`audit-limited:${realm}:${principal}`, LIMITED_WINDOW_MS)) {
    const refusal = { code: 'rate-limited' } as const
    await refuseQuery(deps, asker, UNREAD, { reasons: ['rate-limited'], refusal })
  }
  return taken
}

/** What was asked is not looked at. */
const UNREAD = { action: 'SEARCH', alert: null, terms: '' } as const
