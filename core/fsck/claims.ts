import { utf8 } from '#core/bytes.ts'
import type { FsckFindings } from '#core/fsck/findings.ts'
import { type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import { readRange } from '#core/read-range.ts'
import { type LogTrust, openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { CHECKPOINTS_TOPIC } from '#core/topics.ts'

/** What a signed checkpoint says of the access topic. */
export interface Claim {
  readonly where: string
  readonly size: number
  readonly root: Uint8Array
}

/** The checkpoints of the topic, up to `head`, in their order there. */
export async function* claimsInTopic(
  log: MessageLog,
  trust: LogTrust,
  head: number,
  findings: FsckFindings,
): AsyncGenerator<Claim> {
  let next = 0
  try {
    for await (const entries of readRange(log, CHECKPOINTS_TOPIC, { from: 0, to: head })) {
      for (const { offset, value } of entries) {
        const where = `${CHECKPOINTS_TOPIC} entry ${offset}`
        const opened = await openCheckpoint(value, trust)
        if (opened.ok) yield { where, ...opened.checkpoint }
        else findings.problem(`${where}: ${opened.why}`)
      }
      next += entries.length
      findings.advance(entries.length)
    }
  } catch (error) {
    if (!(error instanceof OffsetGone)) throw error
    findings.problem(`${CHECKPOINTS_TOPIC} entry ${next} is missing`)
  }
}

/** The checkpoint beside the tiles; null when there is none, or none that the log signed. */
export const claimInStore = async (
  tiles: TileStore,
  trust: LogTrust,
  findings: FsckFindings,
): Promise<Claim | null> => {
  const where = 'the checkpoint beside the tiles'
  const text = await tiles.readCheckpoint()
  if (text === null) return null
  const opened = await openCheckpoint(utf8(text), trust)
  if (opened.ok) return { where, ...opened.checkpoint }
  findings.problem(`${where}: ${opened.why}`)
  return null
}
