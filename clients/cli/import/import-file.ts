import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { EXIT, type ExitCode, type Io } from '#clients/cli/command.ts'
import { type DeliverOptions, deliver } from '#clients/cli/import/deliver.ts'
import {
  type ImportResult,
  importJson,
  importText,
  surveyJson,
  surveyText,
} from '#clients/cli/import/import-report.ts'
import { departmentOf } from '#clients/cli/import/province.ts'
import { type ReadRow, readIncidents } from '#clients/cli/import/read-incidents.ts'
import { openSenders, type Sender } from '#clients/cli/import/sender.ts'
import { type Survey, surveyFile } from '#clients/cli/import/survey.ts'
import { Tally } from '#clients/cli/import/tally.ts'
import { Progress } from '#clients/cli/progress.ts'
import type { AgencyId } from '#core/agency.ts'
import { LIMITS } from '#core/limits.ts'
import type { Realm } from '#core/realm.ts'

export interface ImportOptions {
  readonly file: string
  readonly home: string
  readonly gatewayUrl: string
  readonly realm: Realm
  /** Rows; null: all. */
  readonly limit: number | null
  /** Looks at the file and asks no hub. */
  readonly isDryRun: boolean
  readonly isJson: boolean
  /** No progress. */
  readonly isQuiet: boolean
}

/**
 * Has an alert of every row at the hub, once, however often it is run and wherever it was
 * interrupted. Rejects with UsageError for a file or a home that cannot be used, before anything
 * is sent.
 */
export const importFile = async (options: ImportOptions, io: Io): Promise<ExitCode> => {
  const survey = await surveyFile({ ...options, sha256, sentAtMs: systemClock.nowMs() })
  if (options.isDryRun) {
    io.out(options.isJson ? surveyJson(survey) : surveyText(survey))
    return EXIT.ok
  }
  const senders = await openSenders(survey.origins.keys(), options)
  const result = await new Import(options, io, senders).run(survey)
  io.out(options.isJson ? importJson(result) : importText(result))
  const { tally, notTried } = result
  return tally.refused.size + tally.failed.size + notTried === 0 ? EXIT.ok : EXIT.notAll
}

/** One run over a file. */
class Import {
  private readonly options: ImportOptions
  private readonly io: Io
  private readonly senders: ReadonlyMap<AgencyId, Sender>
  private readonly tally = new Tally()
  private readonly ending = new AbortController()
  private readonly delivering: DeliverOptions
  private isPutOffSaid = false

  constructor(options: ImportOptions, io: Io, senders: ReadonlyMap<AgencyId, Sender>) {
    this.options = options
    this.io = io
    this.senders = senders
    this.delivering = {
      stop: AbortSignal.any([io.signal, this.ending.signal]),
      chance: () => (randomBytes(1)[0] ?? 0) / 256,
      onPutOff: (why) => this.sayPutOff(why),
    }
  }

  async run({ rows }: Survey): Promise<ImportResult> {
    const { options, io, tally } = this
    const startedAtMs = systemClock.monotonicMs()
    const progress = options.isQuiet ? null : new Progress(io, 'importing')
    const sayStopping = () => this.say('stopping: finishing what was sent')
    io.signal.addEventListener('abort', sayStopping, { once: true })
    const source = readIncidents(options.file, options.limit ?? undefined)
    try {
      const work = () => this.work(source, () => progress?.set(tally.rows, rows))
      await Promise.all(Array.from({ length: LIMITS.importAtOnceMax }, work))
    } finally {
      io.signal.removeEventListener('abort', sayStopping)
      progress?.end()
      await source.return()
    }
    const elapsedMs = systemClock.monotonicMs() - startedAtMs
    const isStopped = this.delivering.stop.aborted
    const { file, realm } = options
    return { file, realm, tally, notTried: rows - tally.rows, isStopped, elapsedMs }
  }

  /** Takes rows until there are none, or the import ends. A row that was begun comes to its end. */
  private async work(source: AsyncGenerator<ReadRow, void>, onRow: () => void): Promise<void> {
    try {
      while (!this.delivering.stop.aborted) {
        const next = await source.next()
        if (next.done) return
        await this.takeRow(next.value)
        onRow()
      }
    } catch (error) {
      this.ending.abort()
      throw error
    }
  }

  private async takeRow(read: ReadRow): Promise<void> {
    if (!read.ok) return this.tally.report(read.line, read.problem)
    const sender = this.senders.get(departmentOf(read.row.province))
    if (sender === undefined) throw new Error('the file changed while it was read')
    const fate = await deliver(sender, read.row, this.delivering)
    this.tally.count(read.line, fate)
    // A hub that failed one row for long, or breaks its promises, would fail all the others too.
    if (fate.fate === 'failed') this.ending.abort()
  }

  private sayPutOff(why: string): void {
    if (this.isPutOffSaid) return
    this.isPutOffSaid = true
    this.say(`not taken now (${why}): trying again`)
  }

  private say(text: string): void {
    // The bar's line has no end yet.
    if (!this.options.isQuiet) this.io.say(this.io.isTerminal ? `\n${text}\n` : `${text}\n`)
  }
}
