import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64, fromUtf8, hex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import {
  formatNote,
  type Note,
  openNote,
  parseNote,
  parseSignatureLine,
  signatureLine,
  signNote,
} from '#core/tlog/note.ts'
import { parseVerifierKey, type VerifierKey } from '#core/tlog/verifier-key.ts'
import {
  bytesOf,
  ed25519PublicKey,
  ed25519Signer,
  readVectors,
  sha256,
  verifiers,
} from '#tests/tlog-vectors.ts'

const vectors = readVectors<{
  readonly positive: readonly {
    Name: string
    SeedHex: string
    PublicKeyHex: string
    Vkey: string
    KeyIDHex: string
    Text: string
    Signed: string
    SigHex: string
  }[]
  readonly open_cases: readonly { Why: string; NoteB64: string; Expect: string }[]
  readonly open_cases_with_vkey: string
  readonly spec_example: { readonly note: string; readonly vkey: string }
}>('notes.json')

const keyOf = (text: string): VerifierKey => {
  const key = parseVerifierKey(sha256, text)
  if (key === null) throw new Error(`Not a verifier key: ${text}`)
  return key
}

const noteOf = (text: string): Note => {
  const note = parseNote(utf8(text))
  if (note === null) throw new Error(`Not a note: ${text}`)
  return note
}

describe('an independent note', () => {
  it('of the specification opens', async () => {
    const { note, vkey } = vectors.spec_example
    const opened = await openNote(noteOf(note), [keyOf(vkey)], verifiers)
    expect(opened).toMatchObject({ ok: true, verified: [{ name: 'example.com/foo' }] })
  })

  it('has our bytes when we sign its text with its key', async () => {
    expect(vectors.positive).toHaveLength(6)
    for (const { Name, SeedHex, PublicKeyHex, KeyIDHex, Text, Signed } of vectors.positive) {
      const seed = bytesOf(SeedHex)
      expect(hex(ed25519PublicKey(seed))).toBe(PublicKeyHex)
      const signer = { name: Name, keyId: KeyIDHex, sign: ed25519Signer(seed) }
      expect(fromUtf8(formatNote(await signNote(Text, [signer])))).toBe(Signed)
    }
  })

  it('opens with its key alone', async () => {
    for (const { Vkey, Text, Signed, SigHex } of vectors.positive) {
      const note = noteOf(Signed)
      expect(note.text).toBe(Text)
      expect(fromUtf8(formatNote(note))).toBe(Signed)
      const opened = await openNote(note, [keyOf(Vkey)], verifiers)
      expect(opened.ok && opened.verified.map(({ bytes }) => hex(bytes))).toEqual([SigHex])
      const others = vectors.positive.filter((other) => other.Vkey !== Vkey)
      const keys = others.map((other) => keyOf(other.Vkey))
      expect(await openNote(note, keys, verifiers)).toEqual({
        ok: false,
        why: 'no-known-signature',
      })
    }
  })

  it.each(vectors.open_cases)('«$Why» ends in: $Expect', async ({ NoteB64, Expect }) => {
    const note = parseNote(fromBase64(NoteB64) ?? new Uint8Array(0))
    if (Expect.startsWith('malformed')) {
      expect(note).toBe(null)
      return
    }
    if (note === null) throw new Error('It should be well-formed')
    const opened = await openNote(note, [keyOf(vectors.open_cases_with_vkey)], verifiers)
    if (Expect === 'ok') expect(opened).toMatchObject({ ok: true, verified: [{}] })
    else expect(opened).toEqual({ ok: false, why: 'invalid-signature' })
  })

  it('are 18 to open', () => expect(vectors.open_cases).toHaveLength(18))
})

describe('a note', () => {
  const [first, second] = vectors.positive
  if (first === undefined || second === undefined) throw new Error('Two notes are needed')
  const signerOf = ({ Name, KeyIDHex, SeedHex }: typeof first) => ({
    name: Name,
    keyId: KeyIDHex,
    sign: ed25519Signer(bytesOf(SeedHex)),
  })
  const keys = [keyOf(first.Vkey), keyOf(second.Vkey)]

  it('is wrong as a whole when one known signature is, wherever it stands', async () => {
    const { text, signatures } = await signNote('x\n', [signerOf(first), signerOf(second)])
    expect(await openNote({ text, signatures }, keys, verifiers)).toMatchObject({ ok: true })
    const [one, two] = signatures
    if (one === undefined || two === undefined) throw new Error('Two signatures are needed')
    for (const bytes of [one.bytes, two.bytes.subarray(1), new Uint8Array(1), new Uint8Array(64)]) {
      const forged = { ...two, bytes }
      for (const mixed of [
        [one, forged],
        [forged, one],
        [one, two, forged],
      ]) {
        expect(await openNote({ text, signatures: mixed }, keys, verifiers)).toEqual({
          ok: false,
          why: 'invalid-signature',
        })
      }
    }
  })

  it('is unknown when the signature bears a known id under another name, or the reverse', async () => {
    const { text, signatures } = await signNote('x\n', [signerOf(first)])
    for (const change of [{ name: 'other.example' }, { keyId: '00000000' }]) {
      const changed = signatures.map((signature) => ({ ...signature, ...change }))
      expect(await openNote({ text, signatures: changed }, keys, verifiers)).toEqual({
        ok: false,
        why: 'no-known-signature',
      })
    }
  })

  it('counts a key once, however often it signed', async () => {
    const note = await signNote('x\n', [signerOf(first), signerOf(first), signerOf(second)])
    const opened = await openNote(note, keys, verifiers)
    expect(opened.ok && opened.verified.map(({ name }) => name)).toEqual([first.Name, second.Name])
  })

  it('holds up to 100 signatures in up to 1,000,000 bytes', () => {
    const line = '— other.example AAAAAAAA\n'
    expect(parseNote(utf8(`x\n\n${line.repeat(100)}`))?.signatures).toHaveLength(100)
    expect(parseNote(utf8(`x\n\n${line.repeat(101)}`))).toBe(null)
    const filled = (bytes: number) => {
      const end = utf8(`\n\n${line}`)
      return Buffer.concat([Buffer.alloc(bytes - end.length, 'x'), end])
    }
    expect(parseNote(filled(LIMITS.noteBytesMax))).not.toBe(null)
    expect(parseNote(filled(LIMITS.noteBytesMax + 1))).toBe(null)
  })

  it.each([
    '',
    '\n',
    '\n\n',
    'x\n\n\n',
    'x\n\n— a.example AAAAAAAA\n\n',
    'x\n\n— a.example AAAAAAAA\nx\n',
    'x\n\n— a.example AAAAAAAA \n',
    'x\n\n— a.example  AAAAAAAA\n',
    'x\n\n—  AAAAAAAA\n',
    'x\n\n— a+b AAAAAAAA\n',
    'x\n\n— a\u00a0b AAAAAAAA\n',
    'x\n\n— a.example AAAAAAB=\n',
    'x\n\n— a.example AAAA\nAAAA\n',
    '\u0000\n\n— a.example AAAAAAAA\n',
  ])('is not %o', (text) => {
    expect(parseNote(utf8(text))).toBe(null)
  })

  it('comes back from its bytes with any text and signatures', () => {
    const signatures = fc.array(
      fc.record({
        name: fc.stringMatching(/^[a-z0-9./-]+$/),
        keyId: fc.stringMatching(/^[0-9a-f]{8}$/),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    const texts = fc.array(fc.stringMatching(/^[ -~é—\u{1f512}]*$/u), { minLength: 1 })
    fc.assert(
      fc.property(texts, signatures, (lines, made) => {
        const text = `${lines.join('\n')}\n`
        const parsed = parseNote(formatNote({ text, signatures: made }))
        expect(parsed?.text).toBe(text)
        expect(parsed?.signatures.map(signatureLine)).toEqual(made.map(signatureLine))
      }),
    )
  })

  it('is answered with null, never an error, for any bytes', () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom('\n', '\n\n', '— ', 'a.example', ' ', 'AAAAAAAA', '=', '+').map(utf8),
        fc.uint8Array({ maxLength: 4 }),
      ),
    )
    fc.assert(
      fc.property(noise, (parts) => {
        const bytes = Buffer.concat(parts)
        const note = parseNote(bytes)
        if (note !== null) expect(hex(formatNote(note))).toBe(hex(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  it('is not signed unless it can be read', async () => {
    for (const text of ['', 'x', 'x\ty\n', 'x\r\n', '\ud800\n']) {
      await expect(signNote(text, [signerOf(first)])).rejects.toThrow('cannot be a note')
    }
  })
})

describe('a signature line', () => {
  it('comes back from its text', () => {
    const line = '— example.com/foo AQIDBAU='
    const signature = parseSignatureLine(line)
    expect(signature).toMatchObject({ name: 'example.com/foo', keyId: '01020304' })
    expect(signature && signatureLine(signature)).toBe(`${line}\n`)
    expect(parseSignatureLine(`${line}\n`)).toBe(null)
    expect(parseSignatureLine('— example.com/foo AQIDBA==')).toBe(null)
  })
})
