import { createPublicKey } from 'node:crypto'
import { openTokens, tokenVerifier } from '#adapters/jwt/tokens.ts'
import { concatBytes, utf8 } from '#core/bytes.ts'
import { publicKeyFromJwk } from '#core/jwk.ts'
import { isPrincipalId } from '#core/principal.ts'
import { REALMS } from '#core/realm.ts'
import {
  ASSERTION_CLAIMS,
  AUDIENCE,
  CALLER,
  crafted,
  es256,
  ISSUER,
  NOW_MS,
  pairFrom,
  TOKEN_CLAIMS,
  TOKEN_URL,
} from '#tests/crafted-tokens.ts'
import { p256Key } from '#tests/fuzz/fixed-keys.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { broken, type Target, type Verdict } from '#tests/fuzz/target.ts'

const PAIR = pairFrom(p256Key(31))
const find = (id: string) => (id === PAIR.id ? PAIR.publicKey : null)
const verifier = tokenVerifier({ issuer: ISSUER, audience: AUDIENCE, tokenUrl: TOKEN_URL })

const tokens = openTokens({
  privateKey: PAIR.privateKey,
  keyId: PAIR.id,
  issuer: ISSUER,
  audience: AUDIENCE,
  random: (length) => new Uint8Array(length).fill(1),
})

const TOKEN_HEADER = { alg: 'ES256', typ: 'at+jwt', kid: PAIR.id }
const ASSERTION_HEADER = { alg: 'ES256', typ: 'JWT', kid: PAIR.id }
const signing = es256(PAIR.privateKey)

/** What is signed of a token: its first two parts. */
const signedPart = (text: string): string => text.slice(0, text.lastIndexOf('.'))

interface Kind {
  readonly name: string
  readonly header: object
  readonly claims: object
  readonly seed: string
  readonly verify: (text: string) => Promise<{ readonly principal: string } | null>
}

const KINDS: readonly Kind[] = [
  {
    name: 'token',
    header: TOKEN_HEADER,
    claims: TOKEN_CLAIMS,
    seed: await tokens.issue(CALLER, NOW_MS, 300_000),
    verify: async (text) => {
      const token = await verifier.verifyToken(text, find, NOW_MS)
      if (token !== null && !REALMS.includes(token.realm)) broken('a token for no realm')
      return token
    },
  },
  {
    name: 'assertion',
    header: ASSERTION_HEADER,
    claims: ASSERTION_CLAIMS,
    seed: crafted(ASSERTION_HEADER, ASSERTION_CLAIMS, signing),
    verify: async (text) => verifier.verifyAssertion(text, find, NOW_MS),
  },
]

/** A text of a stranger (first byte 0), or header and claims that are signed as they come. */
const tokenTarget = ({ name, header, claims, seed, verify }: Kind): Target => {
  const seeds = [utf8(seed)]
  const parts = [utf8(`${JSON.stringify(header)}\n${JSON.stringify(claims)}`)]
  return {
    name,
    weight: 5,
    make: (random) =>
      random.chance(0.5)
        ? concatBytes(Uint8Array.of(0), mutant(seeds, random))
        : concatBytes(Uint8Array.of(1), mutant(parts, random)),
    take: async (bytes): Promise<Verdict> => {
      const text = Buffer.from(bytes.subarray(1)).toString('latin1')
      const isSigned = bytes[0] === 1
      const [head = '', body = ''] = text.split('\n')
      const verified = await verify(isSigned ? crafted(head, body, signing) : text)
      if (verified === null) return isSigned ? 'read' : 'refused'
      if (!isPrincipalId(verified.principal)) broken('a caller of no name')
      if (!isSigned && signedPart(text) !== signedPart(seed)) broken('verifies, and nobody signed')
      return 'accepted'
    },
  }
}

/** A JSON Web Key, as the command line and the directory take it. */
const JWKS = [
  createPublicKey(PAIR.privateKey).export({ format: 'jwk' }),
  { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
].map((jwk) => utf8(JSON.stringify(jwk)))

const jwk: Target = {
  name: 'jwk',
  weight: 5,
  make: (random) => mutant(JWKS, random),
  take: (bytes) => {
    const value = jsonFrom(bytes)
    if (typeof value !== 'object' || value === null) return 'refused'
    const key = publicKeyFromJwk(value)
    return key === null ? 'read' : 'accepted'
  },
}

const jsonFrom = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    // What is no JSON never comes to it.
    return undefined
  }
}

export const TOKEN_TARGETS: readonly Target[] = [...KINDS.map(tokenTarget), jwk]
