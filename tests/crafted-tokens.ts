import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { openTokens, tokenVerifier } from '#adapters/jwt/tokens.ts'
import { publicKeyFromJwk } from '#core/jwk.ts'
import { type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import type { Caller, FindKey } from '#core/ports/tokens.ts'
import type { PrincipalId } from '#core/principal.ts'

export const ISSUER = 'https://hub.example'
export const AUDIENCE = 'https://hub.example/v1'
export const TOKEN_URL = 'https://hub.example/v1/token'
export const NOW_MS = Date.UTC(2026, 6, 15, 12)
export const NOW = NOW_MS / 1_000
export const LIFE_MS = 300_000
export const CALLER: Caller = { principal: 'ctd-kp/duty-officer' as PrincipalId, realm: 'live' }

interface Pair {
  readonly id: KeyId
  readonly privateKey: KeyObject
  readonly publicKey: PublicKey
}

export const pairFrom = (privateKey: KeyObject): Pair => {
  const publicKey = publicKeyFromJwk(createPublicKey(privateKey).export({ format: 'jwk' }))
  if (publicKey === null) throw new Error('no key')
  const id = keyIdOf(publicKey, (bytes) => createHash('sha256').update(bytes).digest())
  return { id, privateKey, publicKey }
}

const newPair = (): Pair => pairFrom(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

export const HUB = newPair()
export const CLIENT = newPair()
export const OTHER = newPair()

export const finding =
  (...pairs: readonly Pair[]): FindKey =>
  (id) =>
    pairs.find((pair) => pair.id === id)?.publicKey ?? null

/** Never the same bytes twice. */
const counting = () => {
  let issued = 0
  return (length: number) => new Uint8Array(length).fill(issued++)
}

export const tokens = openTokens({
  privateKey: HUB.privateKey,
  keyId: HUB.id,
  issuer: ISSUER,
  audience: AUDIENCE,
  random: counting(),
})
const verifier = tokenVerifier({ issuer: ISSUER, audience: AUDIENCE, tokenUrl: TOKEN_URL })

export const verifyToken = (text: string, find = finding(HUB), nowMs = NOW_MS) =>
  verifier.verifyToken(text, find, nowMs)
export const verifyAssertion = (text: string, find = finding(CLIENT), nowMs = NOW_MS) =>
  verifier.verifyAssertion(text, find, nowMs)

export type Json = Readonly<Record<string, unknown>>

export const TOKEN_HEADER: Json = { alg: 'ES256', typ: 'at+jwt', kid: HUB.id }
export const TOKEN_CLAIMS: Json = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ctd-kp/duty-officer',
  realm: 'live',
  iat: NOW,
  exp: NOW + 300,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
}
export const ASSERTION_HEADER: Json = { alg: 'ES256', typ: 'JWT', kid: CLIENT.id }
export const ASSERTION_CLAIMS: Json = {
  iss: 'ctd-kp/duty-officer',
  sub: 'ctd-kp/duty-officer',
  aud: TOKEN_URL,
  iat: NOW,
  exp: NOW + 60,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
}

export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const es256 =
  (key: KeyObject) =>
  (input: string): Buffer =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })

export const crafted = (
  header: unknown,
  claims: unknown,
  signing: (input: string) => Buffer | string,
): string => {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${Buffer.from(signing(input)).toString('base64url')}`
}

export const token = (claims: Json = {}, header: Json = {}, pair = HUB): string =>
  crafted({ ...TOKEN_HEADER, ...header }, { ...TOKEN_CLAIMS, ...claims }, es256(pair.privateKey))
export const assertion = (claims: Json = {}, header: Json = {}, pair = CLIENT): string =>
  crafted(
    { ...ASSERTION_HEADER, ...header },
    { ...ASSERTION_CLAIMS, ...claims },
    es256(pair.privateKey),
  )
