import { base64url, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { RandomBytes } from '#core/ports/clock.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { PrincipalId } from '#core/principal.ts'

const JTI_BYTES = 16

/**
 * A client assertion (RFC 7523 §3, `private_key_jwt`): says once, for less than a minute, that its
 * bearer is the principal. `authentication` must be an ES256 signer. `nowMs` by the wall clock.
 */
export const clientAssertion = async (claim: {
  readonly authentication: Signer
  readonly principal: PrincipalId
  /** The hub's token address, exactly as the hub is configured with it. */
  readonly audience: string
  readonly nowMs: number
  readonly random: RandomBytes
}): Promise<string> => {
  const { authentication, principal, audience } = claim
  const header = { alg: 'ES256', kid: authentication.keyId, typ: 'JWT' }
  const issuedAt = Math.floor(claim.nowMs / 1_000)
  const claims = {
    iss: principal,
    sub: principal,
    aud: audience,
    iat: issuedAt,
    exp: issuedAt + LIMITS.clientAssertionLifeMs / 1_000,
    jti: base64url(claim.random(JTI_BYTES)),
  }
  const signed = `${encoded(header)}.${encoded(claims)}`
  // JWS wants P1363 form (RFC 7518 §3.4), which is the form that every signer gives.
  return `${signed}.${base64url(await authentication.sign(utf8(signed)))}`
}

const encoded = (part: object): string => base64url(utf8(JSON.stringify(part)))
