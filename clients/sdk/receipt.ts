import { type GivenRecord, givenRecordFrom } from '#clients/sdk/given-record.ts'
import { utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { trustIn } from '#core/log-trust.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { openProofFile, parseProofFile } from '#core/tlog/proof-file.ts'
import type { CheckpointFault, VerifiedCosignature } from '#core/tlog/signed-checkpoint.ts'
import { parseVerifierKey } from '#core/tlog/verifier-key.ts'

export interface Receipt {
  /** The C2SP tlog-proof file. */
  readonly text: string
  /** The record's bytes; without them those that the file brings along as its `extra`. */
  readonly record?: Uint8Array
  /** The log's C2SP verifier key: from the directory, or from whoever is trusted instead. */
  readonly verifierKey: string
  /** C2SP verifier keys of witnesses. */
  readonly cosigners?: readonly string[]
}

export type VerifiedReceipt =
  | {
      readonly ok: true
      readonly index: number
      /** Null: the leaf is in the log, but this version cannot read it as a record. */
      readonly record: GivenRecord | null
      readonly checkpoint: Checkpoint
      readonly cosignatures: readonly VerifiedCosignature[]
    }
  | { readonly ok: false; readonly why: ReceiptFault }

type ReceiptFault =
  | CheckpointFault
  | 'not-included'
  | 'not-a-receipt'
  | 'no-record'
  | 'bad-verifier-key'

/** Whether a receipt proves that the record is in the log. Asks nobody: needs no network. */
export const verifyReceipt = async (
  { text, verifierKey, cosigners = [], ...receipt }: Receipt,
  { sha256, verify }: { readonly sha256: Sha256; readonly verify: VerifySignature },
): Promise<VerifiedReceipt> => {
  const file = parseProofFile(utf8(text))
  if (file === null) return { ok: false, why: 'not-a-receipt' }
  // Nobody signed the file's `extra`, but only the leaf's own bytes have the leaf's hash.
  const record = receipt.record ?? file.extra
  if (record === null) return { ok: false, why: 'no-record' }
  const log = parseVerifierKey(sha256, verifierKey)
  const witnesses = cosigners.map((key) => parseVerifierKey(sha256, key))
  const known = witnesses.filter((key) => key !== null)
  if (log === null || known.length < witnesses.length) return { ok: false, why: 'bad-verifier-key' }
  const trust = { ...trustIn(log, verify), cosigners: known }
  const opened = await openProofFile(sha256, file, leafHash(sha256, record), trust)
  if (!opened.ok) return opened
  const { checkpoint, cosignatures } = opened
  const { index } = file
  const given = givenRecordFrom({ index, bytes: record }, sha256)
  return { ok: true, index, record: given, checkpoint, cosignatures }
}
