import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import { equalBytes } from '#core/bytes.ts'
import { type JudgeDeps, judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import type { FrameReader } from '#core/frame-reader.ts'
import { labelsOf, type RecordedAlert } from '#core/policy-diff/alert-labels.ts'
import {
  type Answer,
  actionsOf,
  answerOf,
  isAsRecorded,
  isSameAnswer,
  type Replayable,
} from '#core/policy-diff/answers.ts'
import { type NotReplayed, type Question, questionOf } from '#core/policy-diff/recorded-question.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { Policy, PolicyAction } from '#core/ports/policy.ts'
import { readRange } from '#core/read-range.ts'
import { ACCESS_TOPIC, DIRECTORY_TOPIC } from '#core/topics.ts'

export interface PolicyDiffDeps extends JudgeDeps {
  readonly log: MessageLog
  readonly frames: FrameReader
  readonly before: Policy
  readonly after: Policy
  /** How many records, counted from the log's end. */
  readonly last: number
  readonly signal: AbortSignal
  readonly onProgress: (phase: Phase, done: number, total: number) => void
}

export type Phase = 'reading records' | 'finding labels' | 'asking again'

/** A recorded decision that is another by the other policy. Names ids and codes only. */
export interface Changed {
  readonly index: number
  readonly record: AccessRecord
  readonly action: PolicyAction
  readonly before: Answer
  readonly after: Answer
}

/** A decision that the first policy, in force when it was made, does not make again. */
export interface Unlike extends Omit<Changed, 'after'> {}

export interface PolicyDiff {
  readonly fromIndex: number
  /** Without the last record's own: the log may have grown since. */
  readonly toIndex: number
  readonly asked: number
  readonly changed: readonly Changed[]
  readonly unlike: readonly Unlike[]
  /** Of those that were asked, how many another policy than the first had decided. */
  readonly byOtherPolicy: number
  readonly notReplayed: ReadonlyMap<NotReplayed, number>
}

/**
 * Asks two policies what the log's last records tell of: each with its principal as the directory
 * had it at the head that the record names, and with the label of the alert that it names. What
 * cannot be asked again is counted by why.
 */
export const policyDiff = async (deps: PolicyDiffDeps): Promise<PolicyDiff> => {
  const toIndex = await deps.log.head(ACCESS_TOPIC)
  const fromIndex = Math.max(0, toIndex - deps.last)
  const diff = new Replay(deps)
  const recorded = await diff.read(fromIndex, toIndex)
  const standing = await diff.stand(recorded)
  await diff.ask(standing)
  const { changed, unlike, byOtherPolicy, notReplayed, asked } = diff
  changed.sort(byIndex)
  unlike.sort(byIndex)
  return { fromIndex, toIndex, asked, changed, unlike, byOtherPolicy, notReplayed }
}

const byIndex = (a: { readonly index: number }, b: { readonly index: number }): number =>
  a.index - b.index

interface Recorded {
  readonly index: number
  readonly record: AccessRecord
  readonly question: Question
}

type Standing = Recorded & Pick<Replayable, 'standing'>

class Replay {
  readonly changed: Changed[] = []
  readonly unlike: Unlike[] = []
  readonly notReplayed = new Map<NotReplayed, number>()
  byOtherPolicy = 0
  asked = 0
  private readonly deps: PolicyDiffDeps
  private readonly directory: DirectoryState

  constructor(deps: PolicyDiffDeps) {
    this.deps = deps
    this.directory = new DirectoryState(deps.sha256)
  }

  async read(from: number, to: number): Promise<readonly Recorded[]> {
    const recorded: Recorded[] = []
    for await (const entries of readRange(this.deps.log, ACCESS_TOPIC, { from, to })) {
      for (const { offset: index, value } of entries) {
        const record = decodeAccessRecord(value)
        const question = record === null ? 'unreadable' : questionOf(record)
        if (record === null || typeof question === 'string') this.leaveOut(question)
        else recorded.push({ index, record, question })
      }
      this.deps.signal.throwIfAborted()
      const done = (entries.at(-1)?.offset ?? from) + 1 - from
      this.deps.onProgress('reading records', done, to - from)
    }
    return recorded
  }

  /** Goes through the directory once, and at each head sees how those stood who were judged by it. */
  async stand(recorded: readonly Recorded[]): Promise<readonly Standing[]> {
    const { log } = this.deps
    const standing: Standing[] = []
    const atHead = Map.groupBy(recorded, ({ record }) => record.directory?.sequence ?? -1)
    this.leaveOut('no-directory', atHead.get(-1)?.length ?? 0)
    atHead.delete(-1)
    const to = await log.head(DIRECTORY_TOPIC)
    for await (const entries of readRange(log, DIRECTORY_TOPIC, { from: 0, to })) {
      for (const { value } of entries) {
        const judged = await judgeEntry(this.directory, value, this.deps)
        if (!judged.ok) continue
        this.directory.apply(judged.entry, judged.digest)
        const { sequence } = judged.entry
        for (const one of atHead.get(sequence) ?? []) this.standAt(one, standing)
        atHead.delete(sequence)
      }
      this.deps.signal.throwIfAborted()
    }
    for (const left of atHead.values()) this.leaveOut('directory-unknown', left.length)
    return standing
  }

  async ask(standing: readonly Standing[]): Promise<void> {
    const { log, frames, onProgress, signal } = this.deps
    const wanted = standing.flatMap((one) => recordedAlert(one) ?? [])
    const labelOf = await labelsOf(
      {
        log,
        frames,
        directory: this.directory,
        onProgress: (done, total) => {
          signal.throwIfAborted()
          onProgress('finding labels', done, total)
        },
      },
      wanted,
    )
    standing.forEach((one, done) => {
      const alert = recordedAlert(one)
      const label = alert === null ? null : labelOf(alert)
      if (typeof label === 'string') this.leaveOut(label)
      else this.askOne(one.index, { ...one, label })
      onProgress('asking again', done + 1, standing.length)
    })
  }

  private standAt(recorded: Recorded, standing: Standing[]): void {
    const { record } = recorded
    const isHead = record.directory && equalBytes(record.directory.digest, this.directory.digest)
    if (!isHead || record.principal === null) {
      this.leaveOut('directory-unknown')
      return
    }
    standing.push({
      ...recorded,
      standing: this.directory.standingOf(record.principal, record.realm),
    })
  }

  private askOne(index: number, asked: Replayable): void {
    const { before, after } = this.deps
    const { record } = asked
    this.asked += 1
    const pairs = actionsOf(asked).map((action) => ({
      index,
      record,
      action,
      before: answerOf(before, asked, action),
      after: answerOf(after, asked, action),
    }))
    const asRecorded = pairs.filter((pair) => isAsRecorded(asked, pair.before))
    const [first] = pairs
    const isBefores = record.policyDigest && equalBytes(record.policyDigest, before.digest)
    if (!isBefores) this.byOtherPolicy += 1
    else if (asRecorded.length === 0 && first !== undefined) this.unlike.push(first)
    // Where the record may tell of two actions, it is one that the answer fits.
    const likely = asRecorded.length === 0 ? pairs : asRecorded
    const changed = likely.find((pair) => !isSameAnswer(pair.before, pair.after))
    if (changed !== undefined) this.changed.push(changed)
  }

  private leaveOut(why: Question | NotReplayed, count = 1): void {
    if (typeof why !== 'string' || count === 0) return
    this.notReplayed.set(why, (this.notReplayed.get(why) ?? 0) + count)
  }
}

const recordedAlert = ({ record, question }: Recorded): RecordedAlert | null =>
  question.about === 'label' ? { ...question.alert, realm: record.realm } : null
