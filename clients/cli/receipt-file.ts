import type { Identity } from '#clients/cli/identity.ts'
import { readRecord } from '#clients/sdk/search.ts'
import { fromUtf8, utf8 } from '#core/bytes.ts'
import { formatProofFile, parseProofFile } from '#core/tlog/proof-file.ts'

/**
 * A C2SP tlog-proof file of one record, with the record's bytes in its `extra` line: nobody signs
 * that line, but the leaf hash is made from it, so other bytes would prove nothing. Null when no
 * checkpoint covers the record, or the log has something else in its place.
 */
export const makeReceipt = async (who: Identity, index: number): Promise<string | null> => {
  const found = await readRecord(who.session, index)
  const bare = await who.log.receipt(found)
  const file = bare === null ? null : parseProofFile(utf8(bare))
  return file && fromUtf8(formatProofFile({ ...file, extra: found.bytes }))
}
