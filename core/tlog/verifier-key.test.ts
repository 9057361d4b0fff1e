import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatVerifierKey,
  isKeyName,
  KEY_TYPES,
  parseVerifierKey,
  verifierKey,
} from '#core/tlog/verifier-key.ts'
import { bytesOf, readVectors, sha256 } from '#tests/tlog-vectors.ts'

const notes = readVectors<{
  readonly positive: readonly {
    Name: string
    PublicKeyHex: string
    Vkey: string
    KeyIDHex: string
  }[]
  readonly spec_example: { readonly vkey: string }
}>('notes.json')
const cosignatures =
  readVectors<readonly { Alg: string; Name: string; Vkey: string }[]>('cosignatures.json')
const EXAMPLE = notes.spec_example.vkey

describe('a verifier key', () => {
  it('has the id and the text of independent libraries', () => {
    expect(notes.positive).toHaveLength(6)
    for (const { Name, PublicKeyHex, Vkey, KeyIDHex } of notes.positive) {
      const key = verifierKey(sha256, Name, 'ed25519', bytesOf(PublicKeyHex))
      expect(key?.id).toBe(KeyIDHex)
      expect(key && formatVerifierKey(key)).toBe(Vkey)
    }
  })

  it('is read back from that text, of every type', () => {
    const all = [...notes.positive, ...cosignatures].map(({ Vkey }) => Vkey)
    for (const text of [...all, EXAMPLE]) {
      const key = parseVerifierKey(sha256, text)
      expect(key && formatVerifierKey(key)).toBe(text)
    }
    const types = cosignatures.map(({ Vkey }) => parseVerifierKey(sha256, Vkey)?.type)
    expect(new Set(types)).toEqual(new Set(['ed25519-cosignature', 'ml-dsa-44-cosignature']))
  })

  it.each([
    ['', 'nothing'],
    ['example.com/foo', 'a name alone'],
    [EXAMPLE.replace('530d903a', '530d903b'), 'an id that is not its own'],
    [EXAMPLE.replace('530d903a', '530D903A'), 'an id in capitals'],
    [EXAMPLE.replace('example', 'other'), 'another name'],
    [EXAMPLE.replace('+530d903a', ''), 'no id'],
    [EXAMPLE.replace('AekyeR', 'AekyeS'), 'another key'],
    [`${EXAMPLE}\n`, 'a newline behind'],
    [`${EXAMPLE}=`, 'bad base64'],
    ['example.com/foo+530d903a+', 'no key'],
  ])('such as %o is refused: it has %s', (text) => {
    expect(parseVerifierKey(sha256, text)).toBe(null)
  })

  it('is refused for a key of another length or type', () => {
    expect(verifierKey(sha256, 'hub.example', 'ed25519', new Uint8Array(31))).toBe(null)
    expect(verifierKey(sha256, 'hub.example', 'ml-dsa-44-cosignature', new Uint8Array(32))).toBe(
      null,
    )
    // ECDSA, type 2, with its true id.
    const id = Buffer.from(
      sha256(Buffer.concat([Buffer.from('hub.example\n'), Uint8Array.of(2), new Uint8Array(32)])),
    ).toString('hex', 0, 4)
    const typed = Buffer.concat([Uint8Array.of(2), new Uint8Array(32)]).toString('base64')
    expect(parseVerifierKey(sha256, `hub.example+${id}+${typed}`)).toBe(null)
  })

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003', '\u0085', 'a\n', '\ud800'])(
    'is never named %o',
    (name) => {
      expect(isKeyName(name)).toBe(false)
      expect(verifierKey(sha256, name, 'ed25519', new Uint8Array(32))).toBe(null)
    },
  )

  it('of any name and bytes comes back from its text', () => {
    const type = fc.constantFrom('ed25519', 'ed25519-cosignature', 'ml-dsa-44-cosignature' as const)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), type, fc.nat({ max: 255 }), (name, one, fill) => {
        const publicKey = new Uint8Array(KEY_TYPES[one].publicKeyBytes).fill(fill)
        const key = verifierKey(sha256, name, one, publicKey)
        expect(key !== null).toBe(isKeyName(name))
        if (key !== null) expect(parseVerifierKey(sha256, formatVerifierKey(key))).toEqual(key)
      }),
    )
  })
})
