import type { AccessLog, RecordDraft } from '#core/access-log.ts'
import { directoryHead } from '#core/access-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import { appendInRuns } from '#core/append-in-runs.ts'
import { appendLaneOf } from '#core/append-lane.ts'
import type { AuthenticFrame } from '#core/check-frame.ts'
import { encodeDeadLetter } from '#core/dead-letter.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { Sha256 } from '#core/hash.ts'
import type { IntakeEntry, IntakeView } from '#core/intake-view.ts'
import type { RandomBytes } from '#core/ports/clock.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import { stampFault } from '#core/publish-record.ts'
import { outSinceSequence } from '#core/signing.ts'
import type { TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC, deadLetterTopic, topicsOf } from '#core/topics.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import type { Horizons } from '#services/router/lateness.ts'

export interface RouterDeps {
  readonly log: MessageLog
  readonly accessLog: AccessLog
  readonly directory: DirectoryView
  /** The router's own view of the intake topics: it does not trust a gateway's. */
  readonly intake: IntakeView
  readonly horizons: Horizons
  readonly sha256: Sha256
  readonly random: RandomBytes
  readonly onAlarm: OnAlarm
}

type Judged = Extract<IntakeEntry, { value: AuthenticFrame }>

/** Follows intake topics and puts each authentic frame, untouched, into the topics of its label. */
export class FrameRouter implements TopicView {
  readonly topics: readonly string[]
  private readonly deps: RouterDeps

  constructor(deps: RouterDeps) {
    this.deps = deps
    this.topics = deps.intake.topics
  }

  nextOffset(topic: string): number {
    return this.deps.intake.nextOffset(topic)
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    const judged = await this.deps.intake.judge(topic, entries)
    const valid = judged.filter((entry): entry is Judged => 'value' in entry)
    const whys = await Promise.all(valid.map((entry) => this.refusalOf(entry)))
    const refused = valid.flatMap((entry, at) => {
      const why = whys[at] ?? null
      return why === null ? [] : [{ entry, why }]
    })
    const routed = valid.filter(
      (entry) => entry.state === 'first' && !refused.some((one) => one.entry === entry),
    )
    await this.deadLetter(topic, refused)
    await this.route(routed, entries)
    // Rows and offset come last. A crash before this line routes the batch again: routing is
    // at-least-once, and the alert index passes over a frame that it has.
    this.deps.intake.commit(topic, entries, judged)
  }

  /** Why an authentic frame is not routed; null when it is, or when it was before. */
  private async refusalOf(entry: Judged): Promise<string | null> {
    if (entry.state === 'conflict') return 'id-taken'
    if (entry.state === 'again') return null
    const { directory, horizons, sha256 } = this.deps
    const { stamp } = entry.value.frame
    const out = outSinceSequence(directory.state, entry.value.envelope, stamp.origin)
    if (out === null) return null
    const { index } = stamp.publishRecord
    if (horizons.isLate(out, index)) return 'key-or-agency-out'
    // A stamp that quotes an early leaf must be about that leaf: nobody can write the log earlier.
    const leaf = await this.leafAt(index)
    return stampFault(stamp, leaf, sha256) === null ? null : 'key-or-agency-out'
  }

  private async leafAt(index: number): Promise<Uint8Array | null> {
    const { log } = this.deps
    if ((await log.head(ACCESS_TOPIC)) <= index) return null
    const [entry] = await log.read(ACCESS_TOPIC, index, 1)
    return entry?.value ?? null
  }

  private async route(routed: readonly Judged[], entries: readonly LogEntry[]): Promise<void> {
    const byOffset = new Map(entries.map(({ offset, value }) => [offset, value]))
    const byTopic = new Map<string, Uint8Array[]>()
    const urgent = new Set<string>()
    for (const { offset, value } of routed) {
      const frame = byOffset.get(offset)
      if (frame === undefined) continue
      for (const topic of this.topicsFor(value)) {
        const frames = byTopic.get(topic) ?? []
        byTopic.set(topic, frames)
        frames.push(frame)
        if (appendLaneOf(value.alert) === 'flash') urgent.add(topic)
      }
    }
    // What was read at once can be more than one append holds.
    const { log } = this.deps
    await Promise.all(
      [...byTopic].map(([topic, frames]) => {
        const lane = urgent.has(topic) ? 'flash' : 'ordinary'
        return appendInRuns(log, topic, frames, { lane })
      }),
    )
  }

  private topicsFor({ alert }: AuthenticFrame): readonly string[] {
    const home = this.deps.directory.state.agencies.get(alert.origin)?.home
    return home === undefined ? [] : topicsOf(alert.realm, alert.label, home)
  }

  /**
   * The record comes before the letter. A crash in between leaves a record without a letter, and
   * the batch is taken again: a second record of the same thing is legal, a letter that no auditor
   * can find is not.
   */
  private async deadLetter(
    topic: string,
    refused: readonly { readonly entry: Judged; readonly why: string }[],
  ): Promise<void> {
    if (refused.length === 0) return
    const records = await this.deps.accessLog.append(refused.map((one) => this.draftOf(one)))
    const byRealm = new Map<string, Uint8Array[]>()
    for (const [at, { entry, why }] of refused.entries()) {
      const { realm, origin, id, digest } = entry.value.frame.stamp
      const recordIndex = records[at]?.index ?? -1
      const intakeOffset = entry.offset
      this.deps.onAlarm({ what: 'dead-letter', topic, offset: intakeOffset, why })
      const letter = { realm, origin, id, digest, reason: why, intakeOffset, recordIndex }
      const target = deadLetterTopic(realm)
      byRealm.set(target, [...(byRealm.get(target) ?? []), encodeDeadLetter(letter)])
    }
    for (const [target, letters] of byRealm) await this.deps.log.append(target, letters)
  }

  private draftOf({ entry, why }: { readonly entry: Judged; readonly why: string }): RecordDraft {
    const { realm, origin, id, digest } = entry.value.frame.stamp
    return {
      requestId: uuidFromRandom(this.deps.random(16)),
      realm,
      principal: null,
      agency: null,
      action: 'DEAD_LETTER',
      outcome: 'DENIED',
      alert: { origin, id, digest },
      reasons: [why],
      policyDigest: null,
      directory: directoryHead(this.deps.directory.state),
      purpose: null,
      searchTerms: null,
    }
  }
}
