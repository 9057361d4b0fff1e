import type { Sha256 } from '#core/hash.ts'
import type { SignedCheckpoint } from '#core/last-checkpoint.ts'
import type { Signer } from '#core/ports/signer.ts'
import { formatCheckpoint } from '#core/tlog/checkpoint.ts'
import { formatNote, signNote } from '#core/tlog/note.ts'
import { type LogTrust, openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { edgeRoot, type TreeEdge } from '#core/tlog/tree.ts'

export interface SigningDeps {
  /** The log's Ed25519 key. */
  readonly signer: Signer
  /** As readers trust the log: its name and verifier key. */
  readonly trust: LogTrust
  readonly sha256: Sha256
}

/** What came from the signer is not the log's signature. */
export class SignerFaulty extends Error {
  override readonly name = 'SignerFaulty'
}

export const signCheckpoint = async (
  { signer, trust, sha256 }: SigningDeps,
  edge: TreeEdge,
): Promise<SignedCheckpoint> => {
  const { name, id } = trust.log
  const checkpoint = {
    origin: name,
    size: edge.size,
    root: edgeRoot(sha256, edge),
    extensions: [],
  }
  const text = formatCheckpoint(checkpoint)
  if (text === null) throw new RangeError(`no checkpoint can say ${name} and ${edge.size}`)
  const sign = (message: Uint8Array): Promise<Uint8Array> => signer.sign(message)
  const note = formatNote(await signNote(text, [{ name, keyId: id, sign }]))
  // Another key's signature in the topic would be a checkpoint that no reader accepts, and the
  // next start would find nothing to go on from.
  const opened = await openCheckpoint(note, trust)
  if (!opened.ok) throw new SignerFaulty(`the signature of size ${edge.size} is ${opened.why}`)
  return { ...checkpoint, note }
}
