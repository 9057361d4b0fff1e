import type { AlertName } from '#core/alert.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import { frameFrom } from '#core/frame.ts'
import type { FrameReader } from '#core/frame-reader.ts'
import type { Label } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import type { NotReplayed } from '#core/policy-diff/recorded-question.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { Realm } from '#core/realm.ts'
import { intakeTopic } from '#core/topics.ts'

/** An alert as a record names it. */
export interface RecordedAlert extends AlertName {
  readonly realm: Realm
  readonly digest: Uint8Array
}

export type FoundLabel = Label | Extract<NotReplayed, `alert-${string}`>

interface AlertLabelsDeps {
  readonly log: MessageLog
  readonly directory: DirectoryState
  readonly frames: FrameReader
  /** Of the entries that were read, of those that may have to be. */
  readonly onProgress: (done: number, total: number) => void
}

/**
 * The labels of alerts, from their origins' intake topics. A record names what was signed by its
 * digest, so any frame that opens to those bytes has the label, whoever put it there. Reads from
 * the end, where what was asked for lately mostly lies, and no further than it has to.
 */
export const labelsOf = async (
  deps: AlertLabelsDeps,
  wanted: readonly RecordedAlert[],
): Promise<(alert: RecordedAlert) => FoundLabel> => {
  const found = new Map<string, FoundLabel>()
  const byTopic = Map.groupBy(wanted, ({ realm, origin }) => {
    const home = deps.directory.agencies.get(origin)?.home
    return home === undefined ? null : intakeTopic(realm, home)
  })
  for (const [topic, alerts] of byTopic) {
    if (topic !== null) await searchTopic(deps, topic, { alerts, found })
  }
  return (alert) => found.get(keyOf(alert)) ?? 'alert-not-there'
}

const keyOf = ({ realm, origin, id, digest }: RecordedAlert): string =>
  `${realm} ${origin} ${id} ${hex(digest)}`

const searchTopic = async (
  { log, frames, onProgress }: AlertLabelsDeps,
  topic: string,
  searched: {
    readonly alerts: readonly RecordedAlert[]
    readonly found: Map<string, FoundLabel>
  },
): Promise<void> => {
  const missing = new Set(searched.alerts.map(keyOf))
  const head = await log.head(topic)
  for (let end = head; end > 0 && missing.size > 0; ) {
    const from = Math.max(0, end - LIMITS.followBatchEntriesMax)
    for (let next = from; next < end; ) {
      const entries = await log.read(topic, next, end - next)
      if (entries.length === 0) break
      for (const { value } of entries) takeLabel(frames, value, missing, searched.found)
      next += entries.length
    }
    end = from
    onProgress(head - end, head)
  }
}

const takeLabel = (
  frames: FrameReader,
  bytes: Uint8Array,
  missing: Set<string>,
  found: Map<string, FoundLabel>,
): void => {
  const stamp = frameFrom(bytes)?.stamp
  const key = stamp && keyOf(stamp)
  if (stamp === undefined || key === undefined || !missing.has(key)) return
  const label = labelIn(frames, bytes, stamp)
  // What a forger put there must not hide the frame that the record is about.
  if (label === 'alert-unreadable' && found.get(key) === 'alert-erased') return
  found.set(key, label)
  if (typeof label !== 'string') missing.delete(key)
}

/** The seal vouches for the stamp's digest, and `FrameReader` holds the bytes to it. */
const labelIn = (frames: FrameReader, bytes: Uint8Array, stamp: RecordedAlert): FoundLabel => {
  const reading = frames.read(bytes)
  if (reading.state === 'erased') return 'alert-erased'
  if (reading.state !== 'opened' || !reading.value.alert.ok) return 'alert-unreadable'
  const { realm, origin, id, label } = reading.value.alert.value
  const isSame = realm === stamp.realm && origin === stamp.origin && id === stamp.id
  return isSame && equalBytes(reading.value.frame.stamp.digest, stamp.digest)
    ? label
    : 'alert-unreadable'
}
