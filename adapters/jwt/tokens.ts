import { createPublicKey, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { TokenMemory } from '#adapters/jwt/token-memory.ts'
import { base64url } from '#core/bytes.ts'
import { jwkOf } from '#core/jwk.ts'
import { isKeyId, type KeyId, type PublicKey } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import type { RandomBytes } from '#core/ports/clock.ts'
import type {
  Assertion,
  FindKey,
  Tokens,
  TokenVerifier,
  VerifiedToken,
} from '#core/ports/tokens.ts'
import { isPrincipalId } from '#core/principal.ts'
import { isRealm } from '#core/realm.ts'

/** Of all tokens: the algorithm is never taken from the token. */
const ALGORITHM = 'ES256'
/** RFC 9068 §2.1. What is one thing can so never be used as the other. */
const TOKEN_TYPES = ['at+jwt']
const ASSERTION_TYPES = ['JWT', undefined]
const TOKEN_ID_BYTES = 16

/** Issues access tokens under a P-256 key. The audience: every service that takes them. */
export const openTokens = (options: {
  readonly privateKey: KeyObject
  readonly keyId: KeyId
  readonly issuer: string
  readonly audience: string
  readonly random: RandomBytes
}): Tokens => {
  const { privateKey, keyId, issuer, audience, random } = options
  return {
    issue: async ({ principal, realm, provenBy = null }, nowMs, lifeMs, boundTo = null) => {
      if (!(lifeMs > 0 && lifeMs <= LIMITS.tokenLifeMs)) {
        throw new RangeError(`a token cannot live for ${lifeMs} ms`)
      }
      // Whole seconds, rounded down: nothing is good for longer than was said.
      const iat = Math.floor(givenSeconds(nowMs))
      const cnf = boundTo === null ? {} : { cnf: { [THUMBPRINT]: boundTo } }
      const proof = provenBy === null ? {} : { [PROVEN_BY]: provenBy }
      const exp = Math.floor((nowMs + lifeMs) / 1_000)
      const claims = { realm, iat, exp, ...cnf, ...proof }
      return jwt.sign(claims, privateKey, {
        algorithm: ALGORITHM,
        header: { alg: ALGORITHM, typ: 'at+jwt' },
        keyid: keyId,
        issuer,
        audience,
        subject: principal,
        jwtid: base64url(random(TOKEN_ID_BYTES)),
      })
    },
  }
}

/** `issuer`, `audience`: of access tokens. `tokenUrl`: the audience of client assertions. */
export const tokenVerifier = (options: {
  readonly issuer: string
  readonly audience: string
  readonly tokenUrl: string
}): TokenVerifier => {
  const { issuer, audience, tokenUrl } = options
  const token: Expected = {
    types: TOKEN_TYPES,
    issuer,
    audience,
    charactersMax: LIMITS.tokenCharactersMax,
    lifeMsMax: LIMITS.tokenLifeMs,
  }
  const assertion: Expected = {
    types: ASSERTION_TYPES,
    // Anyone whose key is found; `assertionFrom` compares it with the subject.
    issuer: undefined,
    audience: tokenUrl,
    charactersMax: LIMITS.assertionCharactersMax,
    lifeMsMax: LIMITS.assertionLifeMsMax,
  }
  const memory = new TokenMemory(LIMITS.tokensRememberedMax)
  return {
    verifyToken: async (text, find, nowMs) => {
      const recalled = memory.recall(text, find, nowMs)
      if (recalled !== null) return recalled
      const signed = verified(text, token, find, nowMs)
      const fresh = tokenFrom(signed)
      if (signed === null || fresh === null) return null
      const { keyId, key } = signed
      memory.keep(text, { token: fresh, keyId, key, verifiedAtMs: nowMs })
      return fresh
    },
    verifyAssertion: async (text, find, nowMs) =>
      assertionFrom(verified(text, assertion, find, nowMs)),
  }
}

const tokenFrom = (signed: Signed | null): VerifiedToken | null => {
  if (signed === null) return null
  const { sub, realm, exp, cnf, [PROVEN_BY]: provenBy = null } = signed.claims
  if (typeof sub !== 'string' || !isPrincipalId(sub)) return null
  if (typeof realm !== 'string' || !isRealm(realm)) return null
  const boundTo = cnf === undefined ? null : thumbprintIn(cnf)
  if (boundTo === undefined) return null
  if (provenBy !== null && !(typeof provenBy === 'string' && isKeyId(provenBy))) return null
  return { principal: sub, realm, expiresAtMs: exp * 1_000, boundTo, provenBy }
}

/** A claim of our own: the id of the key that the client assertion was signed with. */
const PROVEN_BY = 'proven_by'

/** The one confirmation that is known here (RFC 8705 §3.1). */
const THUMBPRINT = 'x5t#S256'

/** Undefined for any other confirmation: a token that is bound to what is not checked is none. */
const thumbprintIn = (cnf: unknown): string | undefined => {
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { [THUMBPRINT]: thumbprint, ...others }: Readonly<Record<string, unknown>> = { ...cnf }
  if (typeof thumbprint !== 'string' || Object.keys(others).length > 0) return undefined
  return /^[\w-]{43}$/.test(thumbprint) ? thumbprint : undefined
}

/** Visible ASCII, so that a character is a byte wherever it is kept. */
const JTI = /^[\x21-\x7e]{16,64}$/

const assertionFrom = (signed: Signed | null): Assertion | null => {
  if (signed === null) return null
  const { iss, sub, jti, exp } = signed.claims
  if (typeof sub !== 'string' || !isPrincipalId(sub) || iss !== sub) return null
  if (typeof jti !== 'string' || !JTI.test(jti)) return null
  return { principal: sub, keyId: signed.keyId, jti, expiresAtMs: exp * 1_000 }
}

interface Expected {
  readonly types: readonly (string | undefined)[]
  readonly issuer: string | undefined
  readonly audience: string
  readonly charactersMax: number
  readonly lifeMsMax: number
}

type Claims = Readonly<Record<string, unknown>> & { readonly iat: number; readonly exp: number }

interface Signed {
  readonly keyId: KeyId
  readonly key: PublicKey
  readonly claims: Claims
}

const verified = (
  text: string,
  expected: Expected,
  find: FindKey,
  nowMs: number,
): Signed | null => {
  if (text.length > expected.charactersMax) return null
  const keyId = keyIdIn(text, expected)
  const key = keyId === null ? null : find(keyId)
  if (keyId === null || key?.algorithm !== ALGORITHM) return null
  const claims = claimsOf(text, key, expected, nowMs)
  return claims === null ? null : { keyId, key, claims }
}

/** The members that a header may have. So nothing it brings along (a key, a URL, an extension that
 * is `crit`ical) is ever looked at, or passed over. */
const HEADER_MEMBERS = ['alg', 'kid', 'typ']

const keyIdIn = (text: string, expected: Expected): KeyId | null => {
  const header: Readonly<Record<string, unknown>> = { ...decoded(text)?.header }
  if (!Object.keys(header).every((name) => HEADER_MEMBERS.includes(name))) return null
  const { kid, typ } = header
  if (!expected.types.some((type) => type === typ)) return null
  return typeof kid === 'string' && isKeyId(kid) ? kid : null
}

const decoded = (text: string): jwt.Jwt | null => {
  try {
    return jwt.decode(text, { complete: true })
  } catch {
    // The library lets the errors of its JSON parser through.
    return null
  }
}

const claimsOf = (
  text: string,
  key: PublicKey,
  expected: Expected,
  nowMs: number,
): Claims | null => {
  const claims = signedClaims(text, key, expected, nowMs)
  if (claims === null) return null
  const { aud, iat, exp } = claims
  // The library also takes a list that has the audience in it: meant for others too.
  if (aud !== expected.audience || !isTime(iat) || !isTime(exp)) return null
  if (iat * 1_000 > nowMs + LIMITS.issuedAheadMsMax) return null
  return exp > iat && (exp - iat) * 1_000 <= expected.lifeMsMax ? { ...claims, iat, exp } : null
}

/** Signature, audience, issuer, `exp` and `nbf` are the library's to check. */
const signedClaims = (
  text: string,
  key: PublicKey,
  { issuer, audience }: Expected,
  nowMs: number,
): Readonly<Record<string, unknown>> | null => {
  try {
    const claims = jwt.verify(text, createPublicKey({ key: { ...jwkOf(key) }, format: 'jwk' }), {
      algorithms: [ALGORITHM],
      issuer,
      audience,
      clockTimestamp: givenSeconds(nowMs),
    })
    return typeof claims === 'string' ? null : claims
  } catch {
    // So the library says no; so does the import of a key that is not on the curve.
    return null
  }
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)

/** The library takes 0 as «not given», and would ask the machine's clock. */
const givenSeconds = (timeMs: number): number => Math.max(timeMs / 1_000, 1)
