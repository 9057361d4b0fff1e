import type { FastifyRequest } from 'fastify'
import { clientCertificateOf, isEncrypted } from '#adapters/http/client-certificate.ts'
import type { AgencyId } from '#core/agency.ts'
import type { KeyUsage } from '#core/directory/entry.ts'
import type { DirectoryState, PrincipalStanding } from '#core/directory/state.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { KeyId } from '#core/key.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { Caller, FindKey, TokenVerifier } from '#core/ports/tokens.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'

/** Who calls, as the directory has them now. */
export interface AuthenticatedCaller extends Caller {
  readonly agency: AgencyId
  readonly standing: PrincipalStanding
  readonly tokenExpiresAtMs: number
  /** The key that the token was got with: revoked, it takes the token with it. */
  readonly provenBy: KeyId | null
  /** The connection is of TLS, and whoever stole the token could use it over another. */
  readonly isTokenUnbound: boolean
}

export interface CallerDeps {
  readonly tokens: TokenVerifier
  readonly directory: DirectoryView
  readonly clock: Clock
}

/** The caller by the request's access token. The token says who, and by which key; the rest is asked anew. */
export const callerOf = async (
  request: FastifyRequest,
  { tokens, directory, clock }: CallerDeps,
): Promise<Result<AuthenticatedCaller>> => {
  const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) {
    return refuse('not-authenticated')
  }
  // Who is who may have changed without this process having heard of it: then it answers nobody.
  if (!directory.isFresh()) return refuse('directory-stale')
  const { state } = directory
  const nowMs = clock.nowMs()
  const verified = await tokens.verifyToken(token, findKey(state, 'token_signing', nowMs), nowMs)
  const standing = verified && state.standingOf(verified.principal, verified.realm)
  if (!verified || !standing) return refuse('not-authenticated')
  const { principal, realm, expiresAtMs, boundTo, provenBy } = verified
  if (!isStillProven(state, provenBy, nowMs)) return refuse('not-authenticated')
  // A token that was stolen comes without the certificate, or with another (RFC 8705 §3).
  if (boundTo !== null && boundTo !== clientCertificateOf(request)) {
    return refuse('not-authenticated')
  }
  const isTokenUnbound = boundTo === null && isEncrypted(request)
  const caller = { principal, realm, agency: standing.agency, standing }
  return accept({ ...caller, tokenExpiresAtMs: expiresAtMs, provenBy, isTokenUnbound })
}

/** Whether the key that a token was got with holds still: a thief's token must not outlive it. */
export const isStillProven = (
  state: DirectoryState,
  provenBy: KeyId | null,
  nowMs: number,
): boolean => provenBy === null || findKey(state, 'authentication', nowMs)(provenBy) !== null

/** Finds keys of one usage that are valid at `nowMs` and not revoked. */
export const findKey =
  (state: DirectoryState, usage: KeyUsage, nowMs: number): FindKey =>
  (id) => {
    const key = state.keys.get(id)
    if (key === undefined || key.usage !== usage || key.revoked !== null) return null
    return key.validFromMs <= nowMs && nowMs < key.validToMs ? key.key : null
  }
