import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths, readGenesisDigest } from '#adapters/files/home.ts'
import { openSeal } from '#adapters/files/seal.ts'
import { type FsckPlace, openLog } from '#clients/cli/commands/fsck.ts'
import { Progress } from '#clients/cli/progress.ts'
import { table } from '#clients/cli/table.ts'
import { hex } from '#core/bytes.ts'
import { FrameReader } from '#core/frame-reader.ts'
import type { Answer } from '#core/policy-diff/answers.ts'
import { NOT_REPLAYED } from '#core/policy-diff/recorded-question.ts'
import {
  type Changed,
  type Phase,
  type PolicyDiff,
  type PolicyDiffDeps,
  policyDiff,
  type Unlike,
} from '#core/policy-diff.ts'
import type { Policy } from '#core/ports/policy.ts'

export interface Policies {
  readonly before: Policy
  readonly after: Policy
}

type Asked = Pick<PolicyDiffDeps, 'before' | 'after' | 'last' | 'signal'>

/** Reads the home's log, or the cluster's, with the home's seal keys; changes nothing. */
export const diffOverHome = async (
  home: string,
  place: FsckPlace,
  asked: Asked,
): Promise<PolicyDiff> => {
  const paths = homePaths(home)
  const genesisDigest = await readGenesisDigest(home)
  const frames = new FrameReader(await openSeal(paths.seal), sha256)
  const log = await openLog(paths.logDatabase, place)
  const progress = place.io === null ? null : new Phases(place.io)
  try {
    const keys = { sha256, verify: verifySignature, genesisDigest }
    const onProgress = (phase: Phase, done: number, total: number) =>
      progress?.set(phase, done, total)
    return await policyDiff({ ...asked, ...keys, log, frames, onProgress })
  } finally {
    progress?.end()
    await log.close()
  }
}

/** A bar for each phase, one after another. */
class Phases {
  private readonly io: NonNullable<FsckPlace['io']>
  private phase: Phase | null = null
  private bar: Progress | null = null

  constructor(io: NonNullable<FsckPlace['io']>) {
    this.io = io
  }

  set(phase: Phase, done: number, total: number): void {
    if (this.phase !== phase) {
      this.end()
      this.phase = phase
      this.bar = new Progress(this.io, phase)
    }
    this.bar?.set(done, total)
  }

  end(): void {
    this.bar?.end()
    this.bar = null
  }
}

export const diffInWords = (diff: PolicyDiff, { before, after }: Policies): string => {
  const { fromIndex, toIndex, asked, changed, unlike, byOtherPolicy, notReplayed } = diff
  const left = [...notReplayed].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...(changed.length === 0 ? [] : [table(HEADER, changed.map(changedRow), CELL_MAX), '']),
    ...unlike.map((one) => `UNLIKE  ${unlikeInWords(one)}`),
    `old      ${hex(before.digest)}`,
    `new      ${hex(after.digest)}`,
    `records  ${toIndex - fromIndex}: ${fromIndex} up to, without, ${toIndex}`,
    `asked    ${asked}, of which ${byOtherPolicy} were decided by another policy than the old one`,
    ...left.map(([why, count]) => `not      ${count}  ${why}: ${NOT_REPLAYED[why]}`),
    `changed  ${changed.length}: ${kindsOf(changed)}`,
    ...(unlike.length === 0
      ? []
      : [`unlike   ${unlike.length}: the old policy does not decide them as recorded`]),
    '',
  ].join('\n')
}

const HEADER = ['index', 'principal', 'action', 'alert', 'old', 'new'] as const
const CELL_MAX = 100

const changedRow = (one: Changed): readonly string[] => {
  const { index, record } = one
  const { principal, alert } = record
  const name = alert === null ? '' : `${alert.origin}/${alert.id}`
  return [
    String(index),
    principal ?? '',
    actionOf(one),
    name,
    inWords(one.before),
    inWords(one.after),
  ]
}

/** A record of the directory does not say which of two it was. */
const actionOf = ({ record, action }: Unlike): string =>
  record.action === 'DIRECTORY' ? `DIRECTORY (${action})` : record.action

const inWords = ({ outcome, reasons, sees }: Answer): string => {
  const scope = sees === null || sees === 'nothing' ? '' : `, sees ${sees}`
  const why = outcome === 'DENIED' ? `: ${reasons.join(', ')}` : ''
  return `${outcome.toLowerCase()}${why}${scope}`
}

const unlikeInWords = ({ index, record, before, ...rest }: Unlike): string => {
  const recorded = [record.outcome.toLowerCase(), ...record.reasons].join(' ')
  return `${index}  ${actionOf({ index, record, before, ...rest })}  recorded ${recorded}, old ${inWords(before)}`
}

const kindsOf = (changed: readonly Changed[]): string => {
  const kinds = Object.groupBy(changed, ({ before, after }) => kindOf(before, after))
  const count = (kind: Kind): number => kinds[kind]?.length ?? 0
  return KINDS.map((kind) => `${count(kind)} ${kind}`).join(', ')
}

const KINDS = ['newly allowed', 'newly denied', 'for other reasons'] as const
type Kind = (typeof KINDS)[number]

const kindOf = (before: Answer, after: Answer): Kind => {
  if (before.outcome === after.outcome) return 'for other reasons'
  return after.outcome === 'ALLOWED' ? 'newly allowed' : 'newly denied'
}

export const diffJson = (diff: PolicyDiff, { before, after }: Policies): string => {
  const { fromIndex, toIndex, asked, byOtherPolicy, notReplayed } = diff
  const shown = {
    old: hex(before.digest),
    new: hex(after.digest),
    fromIndex,
    toIndex,
    asked,
    byOtherPolicy,
    notReplayed: Object.fromEntries(notReplayed),
    changed: diff.changed.map((one) => ({ ...shownOf(one), new: one.after })),
    unlike: diff.unlike.map(shownOf),
  }
  return `${JSON.stringify(shown, null, 2)}\n`
}

const shownOf = ({ index, record, action, before }: Unlike) => {
  const { realm, principal, alert, outcome, reasons } = record
  const name = alert && { origin: alert.origin, id: alert.id }
  const recorded = { action: record.action, outcome, reasons }
  return { index, realm, principal, alert: name, asked: action, recorded, old: before }
}
