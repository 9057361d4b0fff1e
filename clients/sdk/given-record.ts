import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import type { Sha256 } from '#core/hash.ts'
import { leafHash } from '#core/tlog/hash.ts'

/** An access record as the hub hands it out: its place in the log and its bytes. */
export interface RecordBytes {
  /** The leaf index. */
  readonly index: number
  readonly bytes: Uint8Array
}

/** As `RecordBytes`, read. That it is in the log, `LogClient` says. */
export interface GivenRecord extends RecordBytes {
  /** RFC 9162 §2.1.1. */
  readonly leafHash: Uint8Array
  readonly content: AccessRecord
}

/** Null when the bytes are no access record. */
export const givenRecordFrom = (
  { index, bytes }: RecordBytes,
  sha256: Sha256,
): GivenRecord | null => {
  const content = decodeAccessRecord(bytes)
  return content && { index, bytes, leafHash: leafHash(sha256, bytes), content }
}
