import { decodeAccessRecord } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import type { Stamp } from '#core/frame.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Realm } from '#core/realm.ts'
import { leafHash } from '#core/tlog/hash.ts'

/** An alert that was recorded as published. */
export interface Publication extends AlertName {
  readonly realm: Realm
  readonly digest: Uint8Array
}

/** What a leaf of the access log says was published; null when it says nothing of that kind. */
export const publicationIn = (leaf: Uint8Array): Publication | null => {
  const record = decodeAccessRecord(leaf)
  if (record?.action !== 'PUBLISH' || record.outcome !== 'ALLOWED') return null
  const { realm, alert } = record
  const digest = alert?.digest ?? null
  return alert === null || digest === null ? null : { ...alert, realm, digest }
}

export type StampFault = 'no-such-record' | 'other-record' | 'other-alert'

/** Why a stamp's record is not the leaf at its index (null: there is none); null when it is. */
export const stampFault = (
  { publishRecord, realm, origin, id, digest }: Stamp,
  leaf: Uint8Array | null,
  sha256: Sha256,
): StampFault | null => {
  if (leaf === null) return 'no-such-record'
  if (!equalBytes(leafHash(sha256, leaf), publishRecord.leafHash)) return 'other-record'
  const published = publicationIn(leaf)
  const isSame =
    published?.realm === realm &&
    published.origin === origin &&
    published.id === id &&
    equalBytes(published.digest, digest)
  return isSame ? null : 'other-alert'
}
