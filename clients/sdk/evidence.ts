import type { GivenRecord } from '#clients/sdk/given-record.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { differsFromAct } from '#clients/sdk/record-of-act.ts'
import { bytesShape, listOf, objectOf } from '#clients/sdk/shape.ts'
import { signedAroundFault } from '#clients/sdk/signed-around.ts'
import type { Alert } from '#core/alert.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { base64, equalBytes, utf8 } from '#core/bytes.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, type Envelope, envelopeFrom } from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import type { VerifiedCosignature } from '#core/tlog/signed-checkpoint.ts'

/** What an exported alert is proven by. Nothing is in it that a signature or a hash does not cover. */
export interface Evidence {
  readonly signedAlert: Uint8Array
  /** Of the `EXPORT` record: a C2SP tlog-proof with the record as its `extra`. */
  readonly receipt: string
  /** The directory's signed entries, one after another from the genesis entry on. */
  readonly directory: readonly Uint8Array[]
}

/** What is wrong with a file of evidence. Codes are for ever; texts may change. */
export const EVIDENCE_FAULTS = {
  'not-evidence': 'It is no file of evidence.',
  'directory-refused': 'An entry of the directory is not authorised by those before it.',
  'log-unnamed': 'The directory names no access log.',
  'receipt-refused': 'The record is not proven to be in the log that the directory names.',
  'alert-unreadable': 'The signed bytes are no signed alert with a meaning.',
  'record-differs': 'The record is not of the export of this alert for a case.',
  'directory-differs': 'The export was decided by another directory than the one in the file.',
  'signature-refused': 'Not all signatures were good, by the directory around the signed time.',
  'key-compromised': 'A key that signed was compromised before the alert was signed.',
} as const
export type EvidenceFault = keyof typeof EVIDENCE_FAULTS

export interface VerifiedEvidence {
  readonly ok: true
  readonly alert: Alert
  readonly signedAlert: Uint8Array
  readonly digest: Uint8Array
  /** Who exported it, when by the hub's clock, and for which case. */
  readonly record: GivenRecord
  readonly checkpoint: Checkpoint
  readonly cosignatures: readonly VerifiedCosignature[]
  /** The last entry of the directory in the file: what came after it, the file cannot know. */
  readonly directory: { readonly sequence: number; readonly digest: Uint8Array }
}

export type EvidenceVerdict =
  | VerifiedEvidence
  | { readonly ok: false; readonly fault: EvidenceFault; readonly detail: string | null }

export interface EvidenceDeps {
  /** SHA-256 of the directory's genesis entry: the one thing that is trusted without proof. */
  readonly genesisDigest: Uint8Array
  /** C2SP verifier keys of witnesses. */
  readonly cosigners?: readonly string[]
  readonly sha256: Sha256
  readonly verify: VerifySignature
}

const FORMAT = 'rabta.v1.Evidence'

/** The text of a file of evidence: JSON, bytes in base64. */
export const formatEvidence = ({ signedAlert, receipt, directory }: Evidence): string => {
  const parts = { signedAlert: base64(signedAlert), receipt, directory: directory.map(base64) }
  return `${JSON.stringify({ format: FORMAT, ...parts }, null, 2)}\n`
}

/**
 * Whether the text proves that this alert was signed by its origin and exported, by whom, when and
 * for which case. Asks nobody: needs no network and no hub.
 */
export const verifyEvidence = async (
  text: string,
  deps: EvidenceDeps,
): Promise<EvidenceVerdict> => {
  const evidence = evidenceFrom(text)
  if (evidence === null) return fault('not-evidence')
  const chain = await readChain(evidence.directory, deps)
  if ('fault' in chain) return chain
  const { logVerifierKey } = chain.state
  if (logVerifierKey === null) return fault('log-unnamed')
  const { cosigners = [] } = deps
  const receipt = { text: evidence.receipt, verifierKey: logVerifierKey, cosigners }
  const proven = await verifyReceipt(receipt, deps)
  if (!proven.ok) return fault('receipt-refused', proven.why)
  const signed = openSigned(evidence.signedAlert, deps.sha256)
  if (signed === null) return fault('alert-unreadable')
  const { record, checkpoint, cosignatures } = proven
  if (record === null) return fault('record-differs', 'record')
  const found =
    recordFault(record, signed) ??
    headFault(record, chain) ??
    (await signingFault(record, signed, chain, deps.verify))
  if (found !== null) return found
  const { alert, digest } = signed
  const { sequence } = chain.state
  const head = { sequence, digest: chain.state.digest }
  const { signedAlert } = evidence
  return { ok: true, alert, signedAlert, digest, record, checkpoint, cosignatures, directory: head }
}

const fault = (code: EvidenceFault, detail: string | null = null) =>
  ({ ok: false, fault: code, detail }) as const

type Fault = ReturnType<typeof fault>

/** Null for what is no such file. Verifies nothing. */
const evidenceFrom = (text: string): Evidence | null => {
  if (text.length > LIMITS.evidenceFileBytesMax) return null
  try {
    const value: unknown = JSON.parse(text)
    const evidence = evidenceShape(value, '')
    // A member that nothing verifies could be taken for one that was.
    const isClosed = Object.keys(value as object).every((name) => Object.hasOwn(SHAPES, name))
    return isClosed ? evidence : null
  } catch {
    // No JSON, or not of this form.
    return null
  }
}

const formatShape = (value: unknown): string => {
  if (value !== FORMAT) throw new TypeError('another format')
  return FORMAT
}

const receiptShape = (value: unknown): string => {
  const isShort = typeof value === 'string' && utf8(value).length <= LIMITS.proofFileBytesMax
  if (!isShort) throw new TypeError('no receipt')
  return value
}

const SHAPES = {
  format: formatShape,
  signedAlert: bytesShape(LIMITS.signedAlertBytesMax),
  receipt: receiptShape,
  directory: listOf(bytesShape(LIMITS.directoryEntryBytesMax), LIMITS.evidenceEntriesMax),
} as const
const evidenceShape = objectOf(SHAPES)

interface Chain {
  readonly state: DirectoryState
  /** Of each entry. */
  readonly digests: readonly Uint8Array[]
  readonly enteredAtMs: readonly number[]
}

const readChain = async (
  entries: readonly Uint8Array[],
  deps: EvidenceDeps,
): Promise<Chain | Fault> => {
  const state = new DirectoryState(deps.sha256)
  const digests: Uint8Array[] = []
  const enteredAtMs: number[] = []
  for (const [at, bytes] of entries.entries()) {
    const judged = await judgeEntry(state, bytes, deps)
    if (!judged.ok) return fault('directory-refused', `entry ${at}: ${judged.fault}`)
    state.apply(judged.entry, judged.digest)
    digests.push(judged.digest)
    enteredAtMs.push(judged.entry.enteredAtMs)
  }
  return { state, digests, enteredAtMs }
}

interface Signed {
  readonly envelope: Envelope
  readonly alert: Alert
  readonly digest: Uint8Array
}

const openSigned = (signedAlert: Uint8Array, sha256: Sha256): Signed | null => {
  const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
  const alert = envelope.ok ? decodeAlert(envelope.value.payload) : envelope
  if (!envelope.ok || !alert.ok) return null
  return { envelope: envelope.value, alert: alert.value, digest: digestOf(envelope.value, sha256) }
}

const recordFault = ({ content }: GivenRecord, { alert, digest }: Signed): Fault | null => {
  const { realm, origin, id } = alert
  const { agency, purpose } = content
  if (agency === null) return fault('record-differs', 'agency')
  const named = { origin, id, digest }
  const act = { action: 'EXPORT', realm, agency, principal: null, purpose: undefined } as const
  const differs = differsFromAct(content, { ...act, alert: named })
  if (differs !== null) return fault('record-differs', differs)
  return purpose?.caseReference ? null : fault('record-differs', 'purpose')
}

/** The record pins the directory: nobody can leave out an entry that the hub knew when it exported. */
const headFault = ({ content }: GivenRecord, { digests }: Chain): Fault | null => {
  const head = content.directory
  const own = head === null ? undefined : digests[head.sequence]
  const isSame = head !== null && own !== undefined && equalBytes(own, head.digest)
  return isSame ? null : fault('directory-differs')
}

const signingFault = async (
  { content }: GivenRecord,
  { envelope, alert }: Signed,
  { state, enteredAtMs }: Chain,
  verify: VerifySignature,
): Promise<Fault | null> => {
  const known = { state, enteredAtMs, headSequence: content.directory?.sequence ?? -1 }
  const refused = await signedAroundFault(known, envelope, alert, verify)
  if (refused === null) return null
  return refused === 'key-compromised' ? fault(refused) : fault('signature-refused', refused)
}
