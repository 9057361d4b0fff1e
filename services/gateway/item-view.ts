import { base64 } from '#core/bytes.ts'
import type { Released } from '#services/gateway/release.ts'

/** An item of a feed as JSON, in a page and in a stream alike. */
export const itemView = ({ origin, id, signedAlert, stampBytes, record }: Released) => ({
  origin,
  id,
  signedAlert: base64(signedAlert),
  stamp: base64(stampBytes),
  record: { index: record.index, bytes: base64(record.bytes) },
})
