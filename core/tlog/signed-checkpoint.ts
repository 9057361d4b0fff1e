import { type Checkpoint, parseCheckpoint } from '#core/tlog/checkpoint.ts'
import { parseCosignature } from '#core/tlog/cosignature.ts'
import { type NoteSignature, openNote, parseNote } from '#core/tlog/note.ts'
import type { Verifiers } from '#core/tlog/note-signature.ts'
import type { VerifierKey } from '#core/tlog/verifier-key.ts'

/** Whom the reader of a log trusts. */
export interface LogTrust {
  /** Of type `ed25519`; its name is the log's. */
  readonly log: VerifierKey
  /** Keys that the log gave up, each under the name that it had then: only for who asks what it
   * signed before. */
  readonly formerKeys?: readonly VerifierKey[]
  /** Of the cosignature types; cosignatures of others are ignored. */
  readonly cosigners: readonly VerifierKey[]
  readonly verifiers: Verifiers
}

export interface VerifiedCosignature {
  readonly cosigner: string
  readonly keyId: string
  readonly timestampSeconds: number
}

export type CheckpointFault =
  | 'malformed'
  /** The log's key did not sign it. */
  | 'not-signed-by-log'
  /** A signature in the name of a trusted key is wrong. */
  | 'invalid-signature'
  /** It is a checkpoint of another log. */
  | 'other-origin'

export type OpenedCheckpoint =
  | {
      readonly ok: true
      readonly checkpoint: Checkpoint
      /** At most one for each cosigner; how many are needed is for the reader's policy. */
      readonly cosignatures: readonly VerifiedCosignature[]
    }
  | { readonly ok: false; readonly why: CheckpointFault }

/** Opens a signed note that should be a checkpoint of the trusted log. */
export const openCheckpoint = async (
  bytes: Uint8Array,
  { log, formerKeys = [], cosigners, verifiers }: LogTrust,
): Promise<OpenedCheckpoint> => {
  const note = parseNote(bytes)
  const checkpoint = note && parseCheckpoint(note.text)
  if (note === null || checkpoint === null) return { ok: false, why: 'malformed' }
  const named = [log, ...formerKeys].filter(({ name }) => name === checkpoint.origin)
  if (named.length === 0) return { ok: false, why: 'other-origin' }
  const logKeys = named.filter(({ type }) => type === 'ed25519')
  const opened = await openNote(note, [...logKeys, ...cosigners], verifiers)
  if (!opened.ok && opened.why === 'invalid-signature') return { ok: false, why: opened.why }
  const verified = opened.ok ? opened.verified : []
  if (!verified.some((signature) => logKeys.some((key) => isOf(key, signature)))) {
    return { ok: false, why: 'not-signed-by-log' }
  }
  // Drawn from what is verified, so that a cosigner who is listed twice still counts once.
  const cosignatures = verified
    .filter((signature) => cosigners.some((key) => isCosigner(key) && isOf(key, signature)))
    .map(asCosignature)
    .filter((cosignature) => cosignature !== null)
  return { ok: true, checkpoint, cosignatures }
}

const isCosigner = ({ type }: VerifierKey): boolean => type !== 'ed25519'

const isOf = (key: VerifierKey, { name, keyId }: NoteSignature): boolean =>
  key.name === name && key.id === keyId

const asCosignature = ({ name, keyId, bytes }: NoteSignature): VerifiedCosignature | null => {
  const parsed = parseCosignature(bytes)
  return parsed && { cosigner: name, keyId, timestampSeconds: parsed.timestampSeconds }
}
