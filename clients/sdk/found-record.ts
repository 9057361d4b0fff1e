import { HubMisbehaved } from '#clients/sdk/errors.ts'
import type { RecordBytes } from '#clients/sdk/given-record.ts'
import { isSameJson } from '#clients/sdk/same-json.ts'
import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import type { Sha256 } from '#core/hash.ts'
import { recordToJson } from '#core/record-json.ts'
import { leafHash } from '#core/tlog/hash.ts'

/** A leaf of the access log that a search found. */
export interface FoundRecord extends RecordBytes {
  /** RFC 9162 §2.1.1. */
  readonly leafHash: Uint8Array
  /** Null: the leaf is no record that this version can read. */
  readonly content: AccessRecord | null
}

/**
 * The leaf, read from its bytes. Throws `HubMisbehaved` (`record-differs`) when the readable form
 * that came with it says something else: whoever looked at that was deceived.
 */
export const foundRecordFrom = (
  given: RecordBytes & { readonly record: unknown },
  sha256: Sha256,
): FoundRecord => {
  const { index, bytes } = given
  const content = decodeAccessRecord(bytes)
  if (!isSameJson(given.record, content && recordToJson(content))) {
    throw new HubMisbehaved('record-differs', `the readable form of record ${index}`)
  }
  return { index, bytes, leafHash: leafHash(sha256, bytes), content }
}
