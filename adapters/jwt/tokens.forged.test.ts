import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKeyId, type PublicKey } from '#core/key.ts'
import type { FindKey } from '#core/ports/tokens.ts'
import {
  ASSERTION_CLAIMS,
  ASSERTION_HEADER,
  assertion,
  CALLER,
  CLIENT,
  crafted,
  es256,
  finding,
  HUB,
  NOW_MS,
  OTHER,
  pairFrom,
  part,
  TOKEN_CLAIMS,
  TOKEN_HEADER,
  token,
  tokens,
  verifyAssertion,
  verifyToken,
} from '#tests/crafted-tokens.ts'

describe.each([
  { what: 'token', make: token, verify: verifyToken, pair: HUB },
  { what: 'assertion', make: assertion, verify: verifyAssertion, pair: CLIENT },
] as const)('not good as $what is', ({ make, verify, pair }) => {
  const header = make === token ? TOKEN_HEADER : ASSERTION_HEADER
  const claims = make === token ? TOKEN_CLAIMS : ASSERTION_CLAIMS
  const publicPem = createPublicKey(pair.privateKey).export({ type: 'spki', format: 'pem' })

  test('one without a signature, whatever it calls that', async () => {
    for (const alg of ['none', 'None', 'NONE', '', undefined, null, 'ES256']) {
      expect(await verify(crafted({ ...header, alg }, claims, () => ''))).toBeNull()
    }
  })

  test('one signed with the public key as an HMAC secret', async () => {
    for (const alg of ['HS256', 'ES256']) {
      const signing = (input: string) => createHmac('sha256', publicPem).update(input).digest()
      expect(await verify(crafted({ ...header, alg }, claims, signing))).toBeNull()
    }
  })

  test('one that names another algorithm, although its signature is good', async () => {
    for (const alg of ['ES384', 'ES512', 'es256', 'EdDSA', 'RS256', ['ES256'], 'constructor']) {
      expect(await verify(make({}, { alg }))).toBeNull()
    }
  })

  test('one of another key, under its own name or another’s', async () => {
    expect(await verify(make({}, {}, OTHER))).toBeNull()
    expect(await verify(make({}, { kid: OTHER.id }, OTHER))).toBeNull()
    expect(await verify(make({}, { kid: OTHER.id }), finding(pair, OTHER))).toBeNull()
  })

  test('one whose key is of another usage, revoked or unknown: it is not found', async () => {
    expect(await verify(make(), () => null)).toBeNull()
  })

  test('one without a key id that could be one, and nothing is looked up for it', async () => {
    const looked: string[] = []
    const find: FindKey = (id) => {
      looked.push(id)
      return pair.publicKey
    }
    for (const kid of [undefined, null, '', 'key-1', 7, [pair.id], `${pair.id}=`, '__proto__']) {
      expect(await verify(make({}, { kid }), find)).toBeNull()
    }
    expect(looked).toEqual([])
    expect(await verify(make(), find)).not.toBeNull()
    expect(looked).toEqual([pair.id])
  })

  test('one whose key in the directory is Ed25519, or not on the curve', async () => {
    const ed25519 = generateKeyPairSync('ed25519').privateKey
    const { publicKey } = pairFrom(ed25519)
    const signed = crafted(header, claims, (input) => sign(null, Buffer.from(input), ed25519))
    expect(await verify(signed, () => publicKey)).toBeNull()
    const nowhere: PublicKey = { algorithm: 'ES256', key: new Uint8Array(64).fill(1) }
    expect(await verify(make(), () => nowhere)).toBeNull()
  })

  test('one of the other kind', async () => {
    for (const typ of [
      'at+jwt',
      'AT+JWT',
      'application/at+jwt',
      'JWT',
      'jwt',
      undefined,
      null,
      1,
    ]) {
      const isOwn = make === token ? typ === 'at+jwt' : typ === 'JWT' || typ === undefined
      expect((await verify(make({}, { typ }))) !== null, `${typ}`).toBe(isOwn)
    }
  })

  test('one that brings a key, a place to get one, or an extension', async () => {
    const jwk = createPublicKey(OTHER.privateKey).export({ format: 'jwk' })
    const others = [{ jwk }, { jku: 'https://other.example' }, { crit: ['b64'], b64: false }]
    for (const extra of [...others, { x5c: [] }, { zip: 'DEF' }, { cty: 'JWT' }]) {
      expect(await verify(make({}, extra))).toBeNull()
    }
  })

  test('one with a part changed, in whichever letter', async () => {
    const text = make()
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 3),
        fc.constantFrom(...'Ab0-_.='),
        async (at, letter) => {
          fc.pre(text[at] !== letter)
          expect(await verify(text.slice(0, at) + letter + text.slice(at + 1))).toBeNull()
        },
      ),
      { numRuns: 300 },
    )
  })

  test('one that is cut short, lengthened, or too long', async () => {
    const text = make()
    for (let length = 0; length < text.length - 1; length += 3) {
      expect(await verify(text.slice(0, length))).toBeNull()
    }
    for (const wrong of [`${text}.`, `${text}.AAAA`, `.${text}`, ` ${text}`, `${text}\n`]) {
      expect(await verify(wrong)).toBeNull()
    }
    expect(await verify(make({ padding: 'x'.repeat(2_000) }))).not.toBeNull()
    expect(await verify(make({ padding: 'x'.repeat(4_000) }))).toBeNull()
  })

  test('one whose claims are no object, although the signature is good', async () => {
    for (const other of ['null', '"text"', '1', '[]', 'true', '', '{', '\u0000', '{"exp":']) {
      expect(await verify(crafted(header, other, es256(pair.privateKey)))).toBeNull()
    }
  })

  test('garbage, and it is a no rather than an error', async () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.tuple(fc.json(), fc.json(), fc.string()).map((parts) => parts.map(part).join('.')),
      fc.constantFrom('', '.', '..', '...', 'null', 'bnVsbA.bnVsbA.AAAA'),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await verify(text, () => pair.publicKey)).toBeNull()
      }),
    )
  })
})

test('a token is no assertion, nor the reverse, even under the same key', async () => {
  const find = finding(HUB, CLIENT)
  expect(await verifyAssertion(await tokens.issue(CALLER, NOW_MS, 60_000), find)).toBeNull()
  expect(await verifyToken(assertion(), find)).toBeNull()
  // All that keeps these two apart is the type.
  expect(await verifyAssertion(assertion({}, { typ: 'at+jwt' }), find)).toBeNull()
  expect(await verifyToken(token({}, { typ: 'JWT' }), find)).toBeNull()
})

test('what the directory throws is not taken for a no', async () => {
  const find: FindKey = () => {
    throw new Error('the directory is broken')
  }
  await expect(verifyToken(token(), find)).rejects.toThrow('the directory is broken')
})

test('key ids of these tests are what the port calls one', () => {
  expect([HUB, CLIENT, OTHER].every(({ id }) => isKeyId(id))).toBe(true)
})
