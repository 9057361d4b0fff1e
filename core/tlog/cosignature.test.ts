import { describe, expect, it } from 'vitest'
import { concatBytes, fromUtf8, hex } from '#core/bytes.ts'
import { parseCheckpoint } from '#core/tlog/checkpoint.ts'
import {
  ed25519Message,
  formatCosignature,
  mlDsa44Message,
  parseCosignature,
} from '#core/tlog/cosignature.ts'
import { type NoteSignature, parseSignatureLine, signatureLine } from '#core/tlog/note.ts'
import { isSignedBy, isSupported } from '#core/tlog/note-signature.ts'
import { parseVerifierKey, type VerifierKey } from '#core/tlog/verifier-key.ts'
import { bytesOf, ed25519Signer, readVectors, sha256, verifiers } from '#tests/tlog-vectors.ts'

interface Vector {
  readonly Alg: string
  readonly Name: string
  readonly SeedHex: string
  readonly Vkey: string
  readonly Timestamp: number
  readonly Text: string
  readonly SignedMessageHex: string
  readonly Line: string
}

const vectors = readVectors<readonly Vector[]>('cosignatures.json')
const ed25519 = vectors.filter(({ Alg }) => Alg.startsWith('ed25519'))
const mlDsa44 = vectors.filter(({ Alg }) => Alg.startsWith('ml-dsa-44'))

const present = <Value>(value: Value | null | undefined): Value => {
  if (value === null || value === undefined) throw new Error('Something is missing')
  return value
}

const keyOf = ({ Vkey }: Vector): VerifierKey => present(parseVerifierKey(sha256, Vkey))
const signatureOf = ({ Line }: Vector): NoteSignature =>
  present(parseSignatureLine(Line.slice(0, -1)))

/** With one bit of the signature, or of the time before it, flipped. */
const flippedAt = (bytes: Uint8Array, at: number): Uint8Array =>
  new Uint8Array(bytes).map((byte, index) => (index === at ? byte ^ 1 : byte))

describe('an independent cosignature', () => {
  it('is one of 6 of Ed25519 and 1 of ML-DSA-44', () => {
    expect([ed25519.length, mlDsa44.length]).toEqual([6, 1])
  })

  it('of Ed25519 signs the bytes that we would sign', () => {
    for (const { Timestamp, Text, SignedMessageHex } of ed25519) {
      expect(hex(ed25519Message(Timestamp, Text))).toBe(SignedMessageHex)
    }
  })

  it('of ML-DSA-44 signs the bytes that we would sign', () => {
    for (const { Name, Timestamp, Text, SignedMessageHex } of mlDsa44) {
      const { origin, size, root } = present(parseCheckpoint(Text))
      const subtree = { cosigner: Name, timestampSeconds: Timestamp, origin, start: 0, end: size }
      expect(hex(present(mlDsa44Message({ ...subtree, root })))).toBe(SignedMessageHex)
    }
  })

  it('of Ed25519 is the line that we make with its key', async () => {
    for (const vector of ed25519) {
      const message = ed25519Message(vector.Timestamp, vector.Text)
      const signature = await ed25519Signer(bytesOf(vector.SeedHex))(message)
      const bytes = formatCosignature({ timestampSeconds: vector.Timestamp, signature })
      const { name, id } = keyOf(vector)
      expect(signatureLine({ name, keyId: id, bytes })).toBe(vector.Line)
    }
  })

  it.each(vectors)(
    'of $Name at $Timestamp verifies; changed in any part, it does not',
    async (one) => {
      const key = keyOf(one)
      const { name, keyId, bytes } = signatureOf(one)
      expect({ name, keyId }).toEqual({ name: key.name, keyId: key.id })
      expect(parseCosignature(bytes)?.timestampSeconds).toBe(one.Timestamp)
      expect(await isSignedBy(key, one.Text, bytes, verifiers)).toBe(true)
      for (const at of [0, 7, 8, bytes.length - 1]) {
        expect(await isSignedBy(key, one.Text, flippedAt(bytes, at), verifiers)).toBe(false)
      }
      for (const cut of [
        new Uint8Array(0),
        bytes.subarray(0, 7),
        bytes.subarray(0, 8),
        bytes.subarray(1),
      ]) {
        expect(await isSignedBy(key, one.Text, cut, verifiers)).toBe(false)
      }
      const otherSize = one.Text.replace('\n1000\n', '\n1001\n')
      expect(otherSize).not.toBe(one.Text)
      expect(await isSignedBy(key, otherSize, bytes, verifiers)).toBe(false)
      expect(await isSignedBy(key, 'no checkpoint\n', bytes, verifiers)).toBe(false)
    },
  )

  it('of another length never reaches a verifier', async () => {
    const acceptAll = { ed25519: async () => true, mlDsa44: async () => true }
    for (const vector of vectors) {
      const key = keyOf(vector)
      const { bytes } = signatureOf(vector)
      expect(await isSignedBy(key, vector.Text, bytes, acceptAll)).toBe(true)
      const longer = concatBytes(bytes, Uint8Array.of(0))
      for (const other of [bytes.subarray(0, -1), longer]) {
        expect(await isSignedBy(key, vector.Text, other, acceptAll)).toBe(false)
      }
    }
  })

  it('of ML-DSA-44 binds its cosigner, and is unknown without a verifier for it', async () => {
    const [vector] = mlDsa44
    const key = keyOf(present(vector))
    const { bytes } = signatureOf(present(vector))
    const text = present(vector).Text
    expect(await isSignedBy({ ...key, name: 'other' }, text, bytes, verifiers)).toBe(false)
    const without = { ed25519: verifiers.ed25519 }
    expect([isSupported(key, verifiers), isSupported(key, without)]).toEqual([true, false])
    expect(await isSignedBy(key, text, bytes, without)).toBe(false)
  })

  it('is no signature of a log, and the reverse', async () => {
    const vector = present(ed25519[0])
    const key = keyOf(vector)
    const { bytes } = signatureOf(vector)
    expect(await isSignedBy({ ...key, type: 'ed25519' }, vector.Text, bytes, verifiers)).toBe(false)
    const { signature } = present(parseCosignature(bytes))
    const message = present(fromUtf8(ed25519Message(vector.Timestamp, vector.Text)))
    expect(await isSignedBy({ ...key, type: 'ed25519' }, message, signature, verifiers)).toBe(true)
    expect(await isSignedBy(key, message, signature, verifiers)).toBe(false)
  })
})

describe('a cosignature', () => {
  it('has a time of up to 2^53 - 1 seconds', () => {
    for (const timestampSeconds of [0, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1]) {
      const signature = Uint8Array.of(1, 2, 3)
      const parsed = parseCosignature(formatCosignature({ timestampSeconds, signature }))
      expect(parsed).toEqual({ timestampSeconds, signature })
    }
    expect(parseCosignature(bytesOf('0020000000000000ff'))).toBe(null)
    expect(parseCosignature(bytesOf('ffffffffffffffffff'))).toBe(null)
  })

  it('of ML-DSA-44 covers no values that do not fit', () => {
    const subtree = {
      cosigner: 'w.example',
      timestampSeconds: 1,
      origin: 'hub.example',
      start: 0,
      end: 5,
      root: new Uint8Array(32),
    }
    expect(mlDsa44Message(subtree)).not.toBe(null)
    expect(mlDsa44Message({ ...subtree, cosigner: 'é'.repeat(127) })).not.toBe(null)
    expect(mlDsa44Message({ ...subtree, cosigner: 'é'.repeat(128) })).toBe(null)
    expect(mlDsa44Message({ ...subtree, origin: 'x'.repeat(256) })).toBe(null)
    expect(mlDsa44Message({ ...subtree, root: new Uint8Array(31) })).toBe(null)
    expect(mlDsa44Message({ ...subtree, end: -1 })).toBe(null)
    expect(mlDsa44Message({ ...subtree, start: 2 ** 53 })).toBe(null)
  })
})
