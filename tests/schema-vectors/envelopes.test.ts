import { describe, expect, test } from 'vitest'
import { openSecondOpinion } from '#adapters/avsc/second-opinion.ts'
import { privateKeyFrom } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { base64url, hex } from '#core/bytes.ts'
import { signedAlertCodec } from '#core/codecs.ts'
import { digestOf, envelopeFrom, preAuthenticationEncoding, signEnvelope } from '#core/envelope.ts'
import { type PublicJwk, publicKeyFromJwk } from '#core/jwk.ts'
import { type Algorithm, keyIdOf, type PublicKey } from '#core/key.ts'
import type { RefusalCode } from '#core/refusal.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'

interface EnvelopeVectors {
  readonly fingerprint: string
  readonly payloadType: string
  readonly keys: readonly {
    readonly name: string
    readonly keyId: string
    readonly algorithm: Algorithm
    readonly publicKey: string
    readonly jwk: PublicJwk
    readonly privateKey: string
  }[]
  readonly valid: readonly {
    readonly why: string
    readonly payloadType: string
    readonly payload: string
    readonly signatures: readonly { readonly keyId: string; readonly signature: string }[]
    readonly preAuthenticationEncoding: string
    readonly digest: string
    readonly envelope: string
  }[]
  readonly invalid: readonly {
    readonly why: string
    readonly code: RefusalCode
    readonly detail?: string
    readonly envelope: string
  }[]
}

const { fingerprint, payloadType, keys, valid, invalid } =
  readVectors<EnvelopeVectors>('envelopes.json')

const publicKeys = new Map<string, PublicKey>(
  keys.map(({ keyId, algorithm, publicKey }) => [keyId, { algorithm, key: unhex(publicKey) }]),
)

/** Reads an envelope and verifies all that signed it, as whoever has only these keys does. */
const check = async (bytes: Uint8Array, type: string) => {
  const envelope = envelopeFrom(bytes, type)
  if (!envelope.ok) return envelope.refusal
  const message = preAuthenticationEncoding(type, envelope.value.payload)
  for (const { keyId } of envelope.value.signatures) {
    if (!publicKeys.has(keyId)) return { code: 'key-unknown' }
  }
  for (const { keyId, signature } of envelope.value.signatures) {
    const key = publicKeys.get(keyId)
    if (!key || !(await verifySignature(key, message, signature))) {
      return { code: 'signature-invalid' }
    }
  }
  return envelope.value
}

test('there are enough envelopes, of 1, 2 and 4 signatures', () => {
  expect(signedAlertCodec.fingerprint).toBe(fingerprint)
  expect(new Set(valid.map(({ signatures }) => signatures.length))).toEqual(new Set([1, 2, 4]))
  expect(invalid.length).toBeGreaterThanOrEqual(25)
})

describe('a key', () => {
  test.each(keys)('$name', async ({ keyId, algorithm, publicKey, jwk, privateKey }) => {
    const key: PublicKey = { algorithm, key: unhex(publicKey) }
    expect(keyIdOf(key, sha256)).toBe(keyId)
    expect(publicKeyFromJwk(jwk)).toEqual(key)
    const secret = JSON.stringify({ ...jwk, d: base64url(unhex(privateKey)) })
    expect(privateKeyFrom(secret).publicKey).toEqual(key)
  })
})

describe('an envelope', () => {
  test.each(valid)('$why', async (row) => {
    const { payload, signatures } = row
    const bytes = unhex(row.envelope)
    const message = preAuthenticationEncoding(row.payloadType, unhex(payload))
    expect(hex(message)).toBe(row.preAuthenticationEncoding)
    expect(await check(bytes, row.payloadType)).toEqual({
      payloadType: row.payloadType,
      payload: unhex(payload),
      signatures: signatures.map(({ keyId, signature }) => ({
        keyId,
        signature: unhex(signature),
      })),
    })
    const read = envelopeFrom(bytes, row.payloadType)
    expect(read.ok && hex(digestOf(read.value, sha256))).toBe(row.digest)
    expect(openSecondOpinion().agreesOnSignedAlert(bytes)).toBe(true)
  })

  test('is what Ed25519 keys make of it again, in whatever order they are asked', async () => {
    const signers = keys
      .filter(({ algorithm }) => algorithm === 'Ed25519')
      .map(({ jwk, privateKey }) => ({ ...jwk, d: base64url(unhex(privateKey)) }))
      .map((secret) => openSigner(JSON.stringify(secret)))
    const row = valid.find(({ signatures }) => signatures.length === 1)
    const [signer] = signers
    if (row === undefined || signer === undefined) throw new Error('no vector')
    const again = await signEnvelope(row.payloadType, unhex(row.payload), [signer])
    expect(hex(again)).toBe(row.envelope)
    const forwards = await signEnvelope(payloadType, unhex(row.payload), signers)
    const backwards = await signEnvelope(payloadType, unhex(row.payload), signers.toReversed())
    expect(hex(forwards)).toBe(hex(backwards))
  })
})

describe('no envelope', () => {
  test.each(invalid)('$why', async ({ code, detail, envelope }) => {
    const bytes = unhex(envelope)
    const startedAtMs = performance.now()
    const refused = await check(bytes, payloadType)
    expect(performance.now() - startedAtMs).toBeLessThan(50)
    expect(refused).toEqual(detail === undefined ? { code } : { code, detail })
  })
})
