import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { FindKey } from '#core/ports/tokens.ts'
import {
  ASSERTION_CLAIMS,
  ASSERTION_HEADER,
  AUDIENCE,
  assertion,
  CLIENT,
  crafted,
  es256,
  finding,
  HUB,
  type Json,
  NOW,
  NOW_MS,
  OTHER,
  TOKEN_CLAIMS,
  TOKEN_HEADER,
  TOKEN_URL,
  token,
  verifyAssertion,
  verifyToken,
} from '#tests/crafted-tokens.ts'

describe.each([
  { what: 'token', make: token, verify: verifyToken, pair: HUB },
  { what: 'assertion', make: assertion, verify: verifyAssertion, pair: CLIENT },
] as const)('confusions of a $what', ({ make, verify, pair }) => {
  const header = make === token ? TOKEN_HEADER : ASSERTION_HEADER
  const claims = make === token ? TOKEN_CLAIMS : ASSERTION_CLAIMS

  test.each([
    'nOnE',
    'none ',
    ' none',
    'NONE\u0000',
    'HS384',
    'HS512',
    'PS256',
    'ES256K',
    'A256KW',
    'dir',
    ['none'],
    { alg: 'ES256' },
    true,
    0,
  ])('alg %j with the signature of nobody', async (alg) => {
    expect(await verify(crafted({ ...header, alg }, claims, () => ''))).toBeNull()
    expect(await verify(crafted({ ...header, alg }, claims, () => 'x'.repeat(64)))).toBeNull()
  })

  test('HMAC under everything of the public key that could be taken for a secret', async () => {
    const key = createPublicKey(pair.privateKey)
    const secrets = [
      key.export({ type: 'spki', format: 'der' }),
      Buffer.from(JSON.stringify(key.export({ format: 'jwk' }))),
      Buffer.from(pair.publicKey.key),
      Buffer.from(pair.id),
      Buffer.alloc(0),
    ]
    for (const alg of ['HS256', 'HS384', 'HS512', 'ES256']) {
      for (const secret of secrets) {
        const hash = alg === 'ES256' ? 'sha256' : alg.replace('HS', 'sha')
        const signing = (input: string) => createHmac(hash, secret).update(input).digest()
        expect(await verify(crafted({ ...header, alg }, claims, signing))).toBeNull()
      }
    }
  })

  test('a signature of RSA, or of ECDSA in DER or on another curve', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    const signings = [
      (input: string) => sign('sha256', Buffer.from(input), rsa),
      (input: string) => sign('sha256', Buffer.from(input), p384),
      (input: string) => sign('sha256', Buffer.from(input), pair.privateKey),
      () => Buffer.alloc(64),
      () => Buffer.alloc(64, 0xff),
    ]
    for (const signing of signings) {
      for (const alg of ['ES256', 'RS256', 'ES384']) {
        expect(await verify(crafted({ ...header, alg }, claims, signing))).toBeNull()
      }
    }
  })

  test.each([
    '../../../dev/null',
    '/dev/null',
    "x' UNION SELECT 'key' --",
    'http://other.example/key',
    'constructor',
    'toString',
    '%00',
    '',
  ])('kid %j is looked up nowhere', async (kid) => {
    const find: FindKey = () => {
      throw new Error('looked up')
    }
    expect(await verify(make({}, { kid }), find)).toBeNull()
  })

  test('a key of its own that it brings along, in whichever member, is not looked at', async () => {
    const jwk = createPublicKey(OTHER.privateKey).export({ format: 'jwk' })
    const members = { jwk, jku: 'https://x', x5u: 'https://x', x5c: ['x'], x5t: 'x', crit: ['exp'] }
    for (const [name, value] of Object.entries(members)) {
      expect(await verify(make({}, { [name]: value }, OTHER)), name).toBeNull()
      expect(await verify(make({}, { [name]: value })), name).toBeNull()
    }
    expect(await verify(make({}, { b64: true }))).toBeNull()
  })

  test('a member said twice counts once, as what was signed with the key that is found', async () => {
    const twice = (name: string, first: unknown, value: Json) =>
      JSON.stringify(value).replace('{', `{"${name}":${JSON.stringify(first)},`)
    const signing = es256(OTHER.privateKey)
    for (const [name, first] of [
      ['kid', OTHER.id],
      ['alg', 'none'],
    ] as const) {
      const text = crafted(twice(name, first, header), claims, signing)
      expect(await verify(text, finding(pair, OTHER)), name).toBeNull()
    }
    // What comes last counts: a longer life said first gives no longer life.
    const text = crafted(header, twice('exp', NOW + 1e9, claims), es256(pair.privateKey))
    const lifeMs = (Number(claims['exp']) - NOW) * 1_000
    expect(await verify(text)).toMatchObject({ expiresAtMs: NOW_MS + lifeMs })
  })

  test.each<[string, Json]>([
    ['a huge expiry', { exp: 9_999_999_999 }],
    ['an endless expiry', { exp: 1e308 }],
    ['a negative expiry', { exp: -1 }],
    ['an issue far ahead', { iat: NOW + 3_600, exp: NOW + 3_630 }],
    ['an issue long ago', { iat: 0 }],
    ['another audience beside its own', { aud: ['https://other.example', TOKEN_URL, AUDIENCE] }],
    ['an audience with a slash more', { aud: `${String(claims['aud'])}/` }],
    ['an audience in capitals', { aud: String(claims['aud']).toUpperCase() }],
  ])('%s', async (_what, changed) => {
    expect(await verify(make(changed))).toBeNull()
  })
})
