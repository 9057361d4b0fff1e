import type { OnAlarm } from '#core/alarm.ts'
import { utf8 } from '#core/bytes.ts'
import { lastCheckpoint, type SignedCheckpoint } from '#core/last-checkpoint.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import { type LogTrust, openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { CHECKPOINTS_TOPIC } from '#core/topics.ts'
import { CheckpointUnverifiable } from '#services/audit/log-fault.ts'

export interface SignedBeforeDeps {
  readonly log: MessageLog
  readonly tiles: TileStore
  readonly trust: LogTrust
  /** Notes from elsewhere that this log must still agree with: a backup's, a witness's. */
  readonly savedCheckpoints: readonly Uint8Array[]
  readonly onAlarm: OnAlarm
}

/** What this log has signed before, as far as it is remembered anywhere. */
export interface SignedBefore {
  /** The largest of those that the topic ends with; null only when the topic is empty. */
  readonly inTopic: SignedCheckpoint | null
  readonly inTileStore: SignedCheckpoint | null
  readonly saved: readonly SignedCheckpoint[]
}

/** Throws `CheckpointUnverifiable`: with a wrong key in the configuration, too, the next checkpoint
 * would be the first of a log that nobody can connect with the old one. */
export const signedBefore = async (deps: SignedBeforeDeps): Promise<SignedBefore> => ({
  inTopic: await inTopic(deps),
  inTileStore: await openedFromTileStore(deps),
  saved: await Promise.all(deps.savedCheckpoints.map((note) => openedSaved(deps, note))),
})

const inTopic = async ({ log, trust, onAlarm }: SignedBeforeDeps) => {
  const topic = CHECKPOINTS_TOPIC
  const last = await lastCheckpoint(log, trust, (offset, why) => {
    onAlarm({ what: 'checkpoint-unverifiable', topic, offset, why })
  })
  if (last !== null) return last
  const head = await log.head(topic)
  if (head === 0) return null
  throw new CheckpointUnverifiable(`none of ${head} checkpoints is signed by ${trust.log.name}`)
}

const openedFromTileStore = async ({
  tiles,
  trust,
  onAlarm,
}: SignedBeforeDeps): Promise<SignedCheckpoint | null> => {
  const text = await tiles.readCheckpoint()
  if (text === null) return null
  const note = utf8(text)
  const opened = await openCheckpoint(note, trust)
  if (opened.ok) return { ...opened.checkpoint, note }
  // Only a copy of what the topic has: it is written again.
  onAlarm({ what: 'checkpoint-unverifiable', why: `tile store: ${opened.why}` })
  return null
}

const openedSaved = async (
  { trust }: SignedBeforeDeps,
  note: Uint8Array,
): Promise<SignedCheckpoint> => {
  const opened = await openCheckpoint(note, trust)
  if (opened.ok) return { ...opened.checkpoint, note }
  throw new CheckpointUnverifiable(`a saved checkpoint is ${opened.why}`)
}
