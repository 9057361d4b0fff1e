import type { AccessRecord } from '#core/access-record.ts'
import { hex } from '#core/bytes.ts'

/** A record as JSON for people and programs to look at; what the log holds is the Avro bytes. */
export const recordToJson = (record: AccessRecord) => {
  const { alert, directory } = record
  return {
    ...record,
    alert: alert && { ...alert, digest: hexOrNull(alert.digest) },
    policyDigest: hexOrNull(record.policyDigest),
    directory: directory && { ...directory, digest: hex(directory.digest) },
    searchTerms: hexOrNull(record.searchTerms),
    salt: hex(record.salt),
  }
}

const hexOrNull = (bytes: Uint8Array | null): string | null => bytes && hex(bytes)
