import type { OnAlarm } from '#core/alarm.ts'
import { utf8 } from '#core/bytes.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import { readRange } from '#core/read-range.ts'
import { type LogTrust, openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { CHECKPOINTS_TOPIC } from '#core/topics.ts'
import { CheckpointUnverifiable } from '#services/audit/log-fault.ts'
import type { SignedCheckpoint } from '#services/audit/published.ts'

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
  inTopic: await largestInTopic(deps),
  inTileStore: await openedFromTileStore(deps),
  saved: await Promise.all(deps.savedCheckpoints.map((note) => openedSaved(deps, note))),
})

export const largestOf = (checkpoints: readonly SignedCheckpoint[]): SignedCheckpoint | null =>
  checkpoints.reduce<SignedCheckpoint | null>(
    (largest, one) => (largest !== null && largest.size >= one.size ? largest : one),
    null,
  )

/** How many of the last entries are looked at together. An append whose outcome was unknown may
 * have arrived after a later one, so the last is not always the largest. */
const LAST_ENTRIES = 100

const largestInTopic = async (deps: SignedBeforeDeps): Promise<SignedCheckpoint | null> => {
  const head = await deps.log.head(CHECKPOINTS_TOPIC)
  for (let to = head; to > 0; to -= LAST_ENTRIES) {
    const range = { from: Math.max(0, to - LAST_ENTRIES), to }
    const opened: SignedCheckpoint[] = []
    for await (const entries of readRange(deps.log, CHECKPOINTS_TOPIC, range)) {
      for (const entry of entries) opened.push(...(await openedEntry(deps, entry)))
    }
    if (opened.length > 0) return largestOf(opened)
  }
  if (head === 0) return null
  throw new CheckpointUnverifiable(
    `none of ${head} checkpoints is signed by ${deps.trust.log.name}`,
  )
}

/** None for what somebody else wrote into the topic. */
const openedEntry = async (
  { trust, onAlarm }: SignedBeforeDeps,
  { offset, value }: LogEntry,
): Promise<readonly SignedCheckpoint[]> => {
  const opened = await openCheckpoint(value, trust)
  if (opened.ok) return [{ ...opened.checkpoint, note: value }]
  const topic = CHECKPOINTS_TOPIC
  onAlarm({ what: 'checkpoint-unverifiable', topic, offset, why: opened.why })
  return []
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
