import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findKey } from '#adapters/http/caller.ts'
import { clientCertificateOf } from '#adapters/http/client-certificate.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { directoryHead } from '#core/access-log.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import { LIMITS } from '#core/limits.ts'
import { networkOf } from '#core/network.ts'
import type { Assertion } from '#core/ports/tokens.ts'
import { rateOf } from '#core/rates.ts'
import type { Realm } from '#core/realm.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { Uuid } from '#core/uuid.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { TokenBody } from '#services/gateway/token-body.ts'

interface TokenRequest {
  readonly client_assertion: string
  readonly scope: Realm
}

/** POST /v1/token: a client assertion (RFC 7523) for a five-minute access token. */
export const tokenRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.post<{ Body: TokenRequest }>(
    '/v1/token',
    {
      schema: { body: TokenBody },
      bodyLimit: LIMITS.tokenRequestBytesMax,
      config: { doc: DOCS.token },
    },
    async (request, reply) => {
      const token = await issue(deps, request)
      if (!token.ok) return sendRefusal(reply, token.refusal)
      return reply.header('cache-control', 'no-store').send({
        access_token: token.value,
        token_type: 'Bearer',
        expires_in: LIMITS.tokenLifeMs / 1_000,
        scope: request.body.scope,
      })
    },
  )
}

const issue = async (
  deps: GatewayDeps,
  request: FastifyRequest<{ Body: TokenRequest }>,
): Promise<Result<string>> => {
  const { directory, clock, guard, tokens, tokenVerifier } = deps
  if (!directory.isFresh()) return refuse('directory-stale')
  const sender = deps.isBehindProxy ? null : `invalid-assertions:${networkOf(request.ip)}`
  const failures = rateOf(deps.rates['invalid-assertions'])
  const looked = sender === null ? null : await guard.peek(sender, failures)
  if (looked?.allowed === false) return tooMany(looked.retryAfterMs)
  const nowMs = clock.nowMs()
  const { client_assertion: text, scope: realm } = request.body
  const find = findKey(directory.state, 'authentication', nowMs)
  const assertion = await tokenVerifier.verifyAssertion(text, find, nowMs)
  const standing = assertion && directory.state.standingOf(assertion.principal, realm)
  if (!assertion || !standing || !isOwnKey(deps, assertion)) {
    if (sender !== null) await guard.charge(sender, failures)
    return refuse('assertion-invalid')
  }
  const limited = await limitOf(deps, request, standing)
  if (limited !== null) return limited
  // Asked last: an assertion that is good for nothing must not be able to fill the guard.
  const mark = `assertion:${assertion.principal}:${assertion.jti}`
  const isFirst = await guard.useOnce(mark, ASSERTION_MS_MAX)
  const refusal = !isFirst || !standing.active ? 'assertion-invalid' : null
  await record(deps, request, standing, refusal)
  if (refusal !== null) return refuse(refusal)
  const caller = { principal: assertion.principal, realm, provenBy: assertion.keyId }
  const boundTo = clientCertificateOf(request)
  return accept(await tokens.issue(caller, nowMs, LIMITS.tokenLifeMs, boundTo))
}

const tooMany = (retryAfterMs: number) =>
  ({ ok: false, refusal: { code: 'rate-limited', retryAfterMs } }) as const

/** Of a principal whose key signed: nobody without it can use up what it may have, but who has
 * caught an assertion can, by sending it again while it is valid. */
const limitOf = async (
  deps: GatewayDeps,
  request: FastifyRequest<{ Body: TokenRequest }>,
  standing: PrincipalStanding,
): Promise<ReturnType<typeof tooMany> | null> => {
  const { guard, rates } = deps
  const bucket = `tokens:${request.body.scope}:${standing.id}`
  const taken = await guard.take(bucket, rateOf(rates.tokens))
  if (taken.allowed) return null
  // One record a window, or refusing would fill the log as asking does.
  if (await guard.useOnce(`limited:${bucket}`, WINDOW_MS)) {
    await record(deps, request, standing, 'rate-limited')
  }
  return tooMany(taken.retryAfterMs)
}

const WINDOW_MS = 60_000

/** An assertion’s life and the clock skew that is let pass, with room. */
const ASSERTION_MS_MAX = 120_000

const isOwnKey = ({ directory }: GatewayDeps, { keyId, principal }: Assertion): boolean =>
  directory.state.keys.get(keyId)?.principal === principal

const record = async (
  { accessLog, directory, policy }: GatewayDeps,
  request: FastifyRequest<{ Body: TokenRequest }>,
  standing: PrincipalStanding,
  refusal: string | null,
): Promise<void> => {
  await accessLog.append([
    {
      requestId: request.id as Uuid,
      realm: request.body.scope,
      principal: standing.id,
      agency: standing.agency,
      action: 'TOKEN',
      outcome: refusal === null ? 'ALLOWED' : 'DENIED',
      alert: null,
      reasons: refusal === null ? [] : [standing.active ? refusal : 'suspended'],
      policyDigest: policy.digest,
      directory: directoryHead(directory.state),
      purpose: null,
      searchTerms: null,
    },
  ])
}
