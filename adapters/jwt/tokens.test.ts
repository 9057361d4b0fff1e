import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openTokens, tokenVerifier } from '#adapters/jwt/tokens.ts'
import { publicKeyFromJwk } from '#core/jwk.ts'
import { isKeyId, type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import type { Caller, FindKey } from '#core/ports/tokens.ts'
import type { PrincipalId } from '#core/principal.ts'

const ISSUER = 'https://hub.example'
const AUDIENCE = 'https://hub.example/v1'
const TOKEN_URL = 'https://hub.example/v1/token'
const NOW_MS = Date.UTC(2026, 6, 15, 12)
const NOW = NOW_MS / 1_000
const LIFE_MS = 300_000
const CALLER: Caller = { principal: 'ctd-kp/duty-officer' as PrincipalId, realm: 'live' }

interface Pair {
  readonly id: KeyId
  readonly privateKey: KeyObject
  readonly publicKey: PublicKey
}

const pairFrom = (privateKey: KeyObject): Pair => {
  const publicKey = publicKeyFromJwk(createPublicKey(privateKey).export({ format: 'jwk' }))
  if (publicKey === null) throw new Error('no key')
  const id = keyIdOf(publicKey, (bytes) => createHash('sha256').update(bytes).digest())
  return { id, privateKey, publicKey }
}

const newPair = (): Pair => pairFrom(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

const HUB = newPair()
const CLIENT = newPair()
const OTHER = newPair()

const finding =
  (...pairs: readonly Pair[]): FindKey =>
  (id) =>
    pairs.find((pair) => pair.id === id)?.publicKey ?? null

let issued = 0
const tokens = openTokens({
  privateKey: HUB.privateKey,
  keyId: HUB.id,
  issuer: ISSUER,
  audience: AUDIENCE,
  random: (length) => new Uint8Array(length).fill(issued++),
})
const verifier = tokenVerifier({ issuer: ISSUER, audience: AUDIENCE, tokenUrl: TOKEN_URL })

const verifyToken = (text: string, find = finding(HUB), nowMs = NOW_MS) =>
  verifier.verifyToken(text, find, nowMs)
const verifyAssertion = (text: string, find = finding(CLIENT), nowMs = NOW_MS) =>
  verifier.verifyAssertion(text, find, nowMs)

type Json = Readonly<Record<string, unknown>>

const TOKEN_HEADER: Json = { alg: 'ES256', typ: 'at+jwt', kid: HUB.id }
const TOKEN_CLAIMS: Json = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ctd-kp/duty-officer',
  realm: 'live',
  iat: NOW,
  exp: NOW + 300,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
}
const ASSERTION_HEADER: Json = { alg: 'ES256', typ: 'JWT', kid: CLIENT.id }
const ASSERTION_CLAIMS: Json = {
  iss: 'ctd-kp/duty-officer',
  sub: 'ctd-kp/duty-officer',
  aud: TOKEN_URL,
  iat: NOW,
  exp: NOW + 60,
  jti: 'AAAAAAAAAAAAAAAAAAAAAA',
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const es256 =
  (key: KeyObject) =>
  (input: string): Buffer =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })

const crafted = (
  header: unknown,
  claims: unknown,
  signing: (input: string) => Buffer | string,
): string => {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${Buffer.from(signing(input)).toString('base64url')}`
}

const token = (claims: Json = {}, header: Json = {}, pair = HUB): string =>
  crafted({ ...TOKEN_HEADER, ...header }, { ...TOKEN_CLAIMS, ...claims }, es256(pair.privateKey))
const assertion = (claims: Json = {}, header: Json = {}, pair = CLIENT): string =>
  crafted(
    { ...ASSERTION_HEADER, ...header },
    { ...ASSERTION_CLAIMS, ...claims },
    es256(pair.privateKey),
  )

describe('an access token', () => {
  test('says who it was issued to, for which realm and how long', async () => {
    for (const caller of [CALLER, { ...CALLER, realm: 'exercise' as const }]) {
      const text = await tokens.issue(caller, NOW_MS, LIFE_MS)
      expect(await verifyToken(text)).toEqual({ ...caller, expiresAtMs: NOW_MS + LIFE_MS })
    }
  })

  test('is what RFC 9068 says, with an id of its own, and holds nothing else', async () => {
    const read = (text: string, at: number) =>
      JSON.parse(Buffer.from(text.split('.')[at] ?? '', 'base64url').toString())
    const first = await tokens.issue(CALLER, NOW_MS + 999, LIFE_MS)
    expect(read(first, 0)).toEqual(TOKEN_HEADER)
    expect(read(first, 1)).toEqual({ ...TOKEN_CLAIMS, jti: expect.stringMatching(/^[\w-]{22}$/) })
    const second = await tokens.issue(CALLER, NOW_MS + 999, LIFE_MS)
    expect(read(second, 1).jti).not.toBe(read(first, 1).jti)
  })

  test('is good from its issue until it expires, by the time that is handed in', async () => {
    const text = await tokens.issue(CALLER, NOW_MS, LIFE_MS)
    expect(await verifyToken(text, finding(HUB), NOW_MS + LIFE_MS - 1)).not.toBeNull()
    expect(await verifyToken(text, finding(HUB), NOW_MS + LIFE_MS)).toBeNull()
    // A gateway whose clock is a little behind the issuer's takes it too.
    expect(await verifyToken(text, finding(HUB), NOW_MS - 5_000)).not.toBeNull()
    expect(await verifyToken(text, finding(HUB), NOW_MS - 5_001)).toBeNull()
  })

  test('that was good before is none once its key is not found, or is another', async () => {
    const text = token()
    expect(await verifyToken(text)).not.toBeNull()
    expect(await verifyToken(text, () => null)).toBeNull()
    expect(await verifyToken(text, () => OTHER.publicKey)).toBeNull()
    expect(await verifyToken(text, () => ({ ...HUB.publicKey, algorithm: 'Ed25519' }))).toBeNull()
    expect(await verifyToken(text)).not.toBeNull()
  })

  test('that was good before vouches for no other, were it but one character', async () => {
    const text = token()
    expect(await verifyToken(text)).not.toBeNull()
    // The last character's low bits belong to no byte.
    for (const [at, character] of [...text.slice(0, -1)].entries()) {
      const other = character === 'A' ? 'B' : 'A'
      const altered = text.slice(0, at) + other + text.slice(at + 1)
      expect(await verifyToken(altered), altered).toBeNull()
    }
  })

  test('that was good before is judged anew when the clock was set back', async () => {
    const text = token({ nbf: NOW })
    expect(await verifyToken(text)).not.toBeNull()
    expect(await verifyToken(text, finding(HUB), NOW_MS - 1)).toBeNull()
    expect(await verifyToken(text)).not.toBeNull()
  })

  test('never asks the machine’s clock, not even at the epoch', async () => {
    const text = await tokens.issue(CALLER, 0, LIFE_MS)
    expect(await verifyToken(text, finding(HUB), 0)).not.toBeNull()
    expect(await verifyToken(text, finding(HUB), LIFE_MS)).toBeNull()
  })

  test('is not issued for longer than tokens may live, nor for no time', async () => {
    for (const lifeMs of [LIMITS.tokenLifeMs + 1, 0, -1, Number.NaN]) {
      await expect(tokens.issue(CALLER, NOW_MS, lifeMs)).rejects.toThrow(RangeError)
    }
  })

  test('the crafted one that the cases below alter is good', async () => {
    expect(await verifyToken(token())).toEqual({ ...CALLER, expiresAtMs: NOW_MS + LIFE_MS })
  })

  test.each<[string, Json]>([
    ['another issuer', { iss: 'https://other.example' }],
    ['no issuer', { iss: undefined }],
    ['a list of issuers', { iss: [ISSUER] }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['a list of audiences', { aud: [AUDIENCE] }],
    ['a list with other audiences', { aud: ['https://other.example', AUDIENCE] }],
    ['an audience that only begins so', { aud: `${AUDIENCE}/token` }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: String(NOW + 300) }],
    ['an expiry of null', { exp: null }],
    ['a life longer than tokens have', { exp: NOW + 301 }],
    ['an expiry before its issue', { iat: NOW + 4, exp: NOW + 3 }],
    ['no time of issue', { iat: undefined }],
    ['a time of issue that is text', { iat: String(NOW) }],
    ['a time of issue that is a list', { iat: [NOW] }],
    ['a time not yet come', { nbf: NOW + 1 }],
    ['a time not yet come that is text', { nbf: 'never' }],
    ['a later issue', { iat: NOW + 6, exp: NOW + 300 }],
    ['no subject', { sub: undefined }],
    ['a subject that is no principal', { sub: 'ctd-kp' }],
    ['a list of subjects', { sub: ['ctd-kp/duty-officer'] }],
    ['no realm', { realm: undefined }],
    ['an unknown realm', { realm: 'test' }],
    ['a realm of an object’s own', { realm: 'constructor' }],
    ['a list of realms', { realm: ['live'] }],
  ])('with %s is none', async (_, claims) => {
    expect(await verifyToken(token(claims))).toBeNull()
  })
})

describe('a client assertion', () => {
  test('says who signs it, with which key, under which id', async () => {
    expect(await verifyAssertion(assertion())).toEqual({
      principal: CALLER.principal,
      keyId: CLIENT.id,
      jti: ASSERTION_CLAIMS['jti'],
      expiresAtMs: NOW_MS + 60_000,
    })
  })

  test('needs no type', async () => {
    expect(await verifyAssertion(assertion({}, { typ: undefined }))).not.toBeNull()
  })

  test('may have an id of 16 to 64 characters', async () => {
    for (const jti of ['x'.repeat(16), '~!@/+=:;'.repeat(8)]) {
      expect(await verifyAssertion(assertion({ jti }))).toMatchObject({ jti })
    }
  })

  test('may come from a clock that is 5 seconds ahead, or 59 behind', async () => {
    for (const [aheadMs, isGood] of [
      [5_000, true],
      [5_001, false],
      [-59_999, true],
      [-60_000, false],
    ] as const) {
      const read = await verifyAssertion(assertion(), finding(CLIENT), NOW_MS - aheadMs)
      expect(read !== null, `${aheadMs} ms ahead`).toBe(isGood)
    }
  })

  test.each<[string, Json]>([
    ['a life of 61 seconds', { exp: NOW + 61 }],
    ['a life of 61 seconds, most of it past', { iat: NOW - 60, exp: NOW + 1 }],
    ['a fraction over 60 seconds', { exp: NOW + 60.001 }],
    ['no expiry', { exp: undefined }],
    ['an endless life', { exp: 1e308 }],
    ['no time of issue', { iat: undefined }],
    ['a life that begins later', { iat: NOW + 6, exp: NOW + 30 }],
    ['a time not yet come', { nbf: NOW + 1 }],
    ['an issuer other than its subject', { iss: 'ctd-kp/analyst' }],
    ['an agency as its subject', { iss: 'ctd-kp', sub: 'ctd-kp' }],
    ['a list as issuer and subject', { iss: ['ctd-kp/a'], sub: ['ctd-kp/a'] }],
    ['the audience of access tokens', { aud: AUDIENCE }],
    ['the hub’s name as its audience', { aud: ISSUER }],
    ['a list of audiences', { aud: [TOKEN_URL] }],
    ['no id', { jti: undefined }],
    ['a short id', { jti: 'x'.repeat(15) }],
    ['a long id', { jti: 'x'.repeat(65) }],
    ['an id that is a number', { jti: 1234567890123456 }],
    ['an id with a line break', { jti: `${'x'.repeat(16)}\n` }],
    ['an id of other characters', { jti: 'ش'.repeat(16) }],
  ])('with %s is none', async (_, claims) => {
    expect(await verifyAssertion(assertion(claims))).toBeNull()
  })
})

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
