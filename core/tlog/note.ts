import { base64, concatBytes, fromBase64, fromHex, fromUtf8, hex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { isSignedBy, isSupported, type Verifiers } from '#core/tlog/note-signature.ts'
import { isKeyName, type VerifierKey } from '#core/tlog/verifier-key.ts'

/** A text and who signed it (C2SP signed-note). */
export interface Note {
  /** What is signed, to its last newline; the blank line behind it is not part. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** A claim until it is verified. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: string
  /** What follows the key id: a signature, in a cosignature behind its time. */
  readonly bytes: Uint8Array
}

export interface NoteSigner {
  readonly name: string
  readonly keyId: string
  /** The signature over exactly these bytes. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

export type OpenedNote =
  /** One signature for each of the keys that signed. */
  | { readonly ok: true; readonly verified: readonly NoteSignature[] }
  | { readonly ok: false; readonly why: 'invalid-signature' | 'no-known-signature' }

const KEY_ID_BYTES = 4
const NEWLINE = 0x0a
const SPACE = 0x20

/** Null for what is no signed note. Verifies nothing. */
export const parseNote = (bytes: Uint8Array): Note | null => {
  if (bytes.length > LIMITS.noteBytesMax || !isNoteText(bytes)) return null
  const whole = fromUtf8(bytes)
  // The last blank line divides: a text may have blank lines of its own.
  const blank = whole?.lastIndexOf('\n\n') ?? -1
  if (whole === null || blank < 0) return null
  const lines = whole.slice(blank + 2, -1).split('\n')
  if (lines.length > LIMITS.noteSignaturesMax) return null
  const signatures = lines.map(parseSignatureLine).filter((signature) => signature !== null)
  if (signatures.length < lines.length) return null
  return { text: whole.slice(0, blank + 1), signatures }
}

export const formatNote = ({ text, signatures }: Note): Uint8Array =>
  utf8(`${text}\n${signatures.map(signatureLine).join('')}`)

/** With its newline: what a witness answers, and what is added to a note. */
export const signatureLine = ({ name, keyId, bytes }: NoteSignature): string =>
  `— ${name} ${base64(concatBytes(fromHex(keyId) ?? new Uint8Array(0), bytes))}\n`

/** A line as `signatureLine` writes it, but without its newline; otherwise null. */
export const parseSignatureLine = (line: string): NoteSignature | null => {
  const [, name = '', encoded = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = fromBase64(encoded)
  if (!isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES) return null
  const keyId = hex(bytes.subarray(0, KEY_ID_BYTES))
  return { name, keyId, bytes: bytes.subarray(KEY_ID_BYTES) }
}

/** Signs a text that ends in a newline and has no other control character. */
export const signNote = async (text: string, signers: readonly NoteSigner[]): Promise<Note> => {
  const message = utf8(text)
  if (!text.isWellFormed() || !isNoteText(message)) throw new Error('This text cannot be a note')
  const signatures = await Promise.all(
    signers.map(async ({ name, keyId, sign }) => ({ name, keyId, bytes: await sign(message) })),
  )
  return { text, signatures }
}

/**
 * Verifies the signatures of the given keys and ignores all others. One that is wrong makes the
 * whole note wrong, because somebody between its signer and us has changed it.
 */
export const openNote = async (
  note: Note,
  keys: readonly VerifierKey[],
  verifiers: Verifiers,
): Promise<OpenedNote> => {
  const verified = new Map<VerifierKey, NoteSignature>()
  for (const signature of note.signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.keyId)
    if (key === undefined || !isSupported(key, verifiers)) continue
    if (!(await isSignedBy(key, note.text, signature.bytes, verifiers))) {
      return { ok: false, why: 'invalid-signature' }
    }
    if (!verified.has(key)) verified.set(key, signature)
  }
  if (verified.size === 0) return { ok: false, why: 'no-known-signature' }
  return { ok: true, verified: [...verified.values()] }
}

/** Valid UTF-8 aside: ends in a newline, and has no control character but newlines. */
const isNoteText = (bytes: Uint8Array): boolean =>
  bytes.at(-1) === NEWLINE && bytes.every((byte) => byte >= SPACE || byte === NEWLINE)
