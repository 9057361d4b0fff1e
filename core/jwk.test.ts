import { expect, test } from 'vitest'
import { jwkOf, publicKeyFromJwk } from '#core/jwk.ts'
import type { PublicKey } from '#core/key.ts'

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index + 1)
const ED25519: PublicKey = { algorithm: 'Ed25519', key: bytes(32) }
const ES256: PublicKey = { algorithm: 'ES256', key: bytes(64) }

test('a key survives the way to a JSON Web Key and back', () => {
  for (const key of [ED25519, ES256]) expect(publicKeyFromJwk(jwkOf(key))).toEqual(key)
})

test('of a private key only the public half is read', () => {
  expect(publicKeyFromJwk({ ...jwkOf(ES256), ...{ d: 'c2VjcmV0' } })).toEqual(ES256)
})

test('a key of another kind, curve or length is none', () => {
  const ec = jwkOf(ES256)
  const okp = jwkOf(ED25519)
  const others = [
    {},
    { ...ec, kty: 'RSA' },
    { ...ec, crv: 'P-384' },
    { ...ec, kty: 'OKP' },
    { ...okp, crv: 'X25519' },
    { ...okp, kty: 'EC' },
    { ...okp, x: okp.x.slice(2) },
    { ...okp, x: `${okp.x}=` },
    { ...okp, x: 1 },
    { ...ec, y: undefined },
  ]
  for (const jwk of others) expect(publicKeyFromJwk(jwk)).toBeNull()
})

test('two coordinates of other lengths do not make up one key', () => {
  const x = jwkOf({ algorithm: 'Ed25519', key: bytes(31) }).x
  const y = jwkOf({ algorithm: 'Ed25519', key: bytes(33) }).x
  expect(publicKeyFromJwk({ kty: 'EC', crv: 'P-256', x, y })).toBeNull()
})
