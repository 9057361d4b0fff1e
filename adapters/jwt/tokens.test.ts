import { describe, expect, test } from 'vitest'
import type { KeyId } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import {
  ASSERTION_CLAIMS,
  AUDIENCE,
  assertion,
  CALLER,
  CLIENT,
  finding,
  HUB,
  ISSUER,
  type Json,
  LIFE_MS,
  NOW,
  NOW_MS,
  OTHER,
  TOKEN_CLAIMS,
  TOKEN_HEADER,
  TOKEN_URL,
  token,
  tokens,
  verifyAssertion,
  verifyToken,
} from '#tests/crafted-tokens.ts'

describe('an access token', () => {
  test('says who it was issued to, for which realm and how long', async () => {
    for (const caller of [CALLER, { ...CALLER, realm: 'exercise' as const }]) {
      const text = await tokens.issue(caller, NOW_MS, LIFE_MS)
      expect(await verifyToken(text)).toEqual({
        ...caller,
        expiresAtMs: NOW_MS + LIFE_MS,
        boundTo: null,
        provenBy: null,
      })
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
    expect(await verifyToken(token())).toEqual({
      ...CALLER,
      expiresAtMs: NOW_MS + LIFE_MS,
      boundTo: null,
      provenBy: null,
    })
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

describe('a token that says with which key it was got', () => {
  const provenBy = 'k'.repeat(43) as KeyId

  test('says so to whoever takes it', async () => {
    const text = await tokens.issue({ ...CALLER, provenBy }, NOW_MS, LIFE_MS)
    expect(await verifyToken(text)).toMatchObject({ ...CALLER, provenBy })
  })

  test.each<[string, unknown]>([
    ['no key id', 'k'.repeat(42)],
    ['a number', 1],
    ['a list', [provenBy]],
    ['an object', { kid: provenBy }],
  ])('is none when that is %s', async (_what, proven_by) => {
    expect(await verifyToken(token({ proven_by }))).toBeNull()
  })
})

describe('a token that is bound to a certificate', () => {
  const THUMBPRINT = 'x5t#S256'
  const boundTo = 'A'.repeat(43)

  test('says to which, and one that is not says that', async () => {
    const bound = await tokens.issue(CALLER, NOW_MS, LIFE_MS, boundTo)
    expect(await verifyToken(bound)).toMatchObject({ boundTo })
    expect(await verifyToken(await tokens.issue(CALLER, NOW_MS, LIFE_MS))).toMatchObject({
      boundTo: null,
    })
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', boundTo],
    ['nothing', {}],
    ['a list', [boundTo]],
    ['a confirmation that is not known', { jkt: boundTo }],
    ['two confirmations', { [THUMBPRINT]: boundTo, jkt: boundTo }],
    ['a thumbprint of another length', { [THUMBPRINT]: 'A'.repeat(42) }],
    ['a thumbprint with padding', { [THUMBPRINT]: `${'A'.repeat(43)}=` }],
    ['a list of thumbprints', { [THUMBPRINT]: [boundTo] }],
    ['an empty thumbprint', { [THUMBPRINT]: '' }],
  ])('to %s is none', async (_, cnf) => {
    expect(await verifyToken(token({ cnf }))).toBeNull()
  })
})
