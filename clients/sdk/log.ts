import type { CheckpointMemory } from '#clients/sdk/checkpoint-memory.ts'
import { compareLeaf, compareTrees } from '#clients/sdk/compare-trees.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import type { RecordBytes } from '#clients/sdk/given-record.ts'
import { LogChanged, LogForked } from '#clients/sdk/log-errors.ts'
import { fetchCheckpoint, fetchTile } from '#clients/sdk/log-source.ts'
import type { Session } from '#clients/sdk/session.ts'
import { fromUtf8, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { formerKeysOf, trustIn } from '#core/log-trust.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { formatProofFile } from '#core/tlog/proof-file.ts'
import type { ReadNode } from '#core/tlog/prove.ts'
import {
  type LogTrust,
  type OpenedCheckpoint,
  openCheckpoint,
  type VerifiedCosignature,
} from '#core/tlog/signed-checkpoint.ts'
import { tileNodes } from '#core/tlog/tile-nodes.ts'
import { parseVerifierKey, type VerifierKey } from '#core/tlog/verifier-key.ts'

/** A checkpoint that the log signed and that is consistent with all that this client saw before. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** The signed note. */
  readonly note: string
  /** By the cosigners that this client was told to know; how many are enough, it decides. */
  readonly cosignatures: readonly VerifiedCosignature[]
}

export interface Refreshed {
  /** The largest that is verified. */
  readonly checkpoint: VerifiedCheckpoint
  /** Nothing was remembered, so nothing vouches for what the log was before. */
  readonly isFirst: boolean
  /** The hub gave an older one than is remembered: true, but behind. */
  readonly isStale: boolean
}

export type Inclusion =
  | { readonly state: 'included'; readonly checkpoint: VerifiedCheckpoint }
  /** Proven: the log has something else in that place, so the hub showed a false record. */
  | { readonly state: 'other-leaf'; readonly checkpoint: VerifiedCheckpoint }
  /** No checkpoint covers it yet. */
  | { readonly state: 'not-yet'; readonly size: number }

export interface WaitOptions {
  /** How long to wait for a checkpoint that covers the records; `LIMITS.clientCheckpointWaitMs`. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

/**
 * The access log as this client verifies it: signed by the key that the directory names, never
 * shorter or other than what is remembered. All reject as `Connection` and
 * `DirectoryMirror.catchUp` do, with `HubMisbehaved` (`log-unnamed`, `checkpoint-unverifiable`,
 * `tiles-missing`, `tiles-wrong`), `LogForked`, `LogChanged`, and what the memory rejects with.
 */
export class LogClient {
  private readonly session: Session
  private readonly memory: CheckpointMemory
  private readonly cosigners: readonly VerifierKey[]
  private newest: VerifiedCheckpoint | null = null
  private running: Promise<unknown> = Promise.resolve()

  /** `cosigners`: C2SP verifier keys of witnesses. Throws a `TypeError` for one that is none. */
  constructor(session: Session, memory: CheckpointMemory, cosigners: readonly string[] = []) {
    this.session = session
    this.memory = memory
    this.cosigners = cosigners.map((text) => cosignerFrom(text, session))
  }

  /** Gets the newest checkpoint, proves it consistent with the remembered one, remembers it. */
  async refresh(signal?: AbortSignal): Promise<Refreshed> {
    const work = () => this.advance(signal)
    // One at a time, lest an older one be remembered after a newer.
    const refreshed = this.running.then(work, work)
    this.running = refreshed.catch(() => undefined)
    return refreshed
  }

  /** Whether this record is in the log, in its place. */
  async verifyRecord(record: RecordBytes, options: WaitOptions = {}): Promise<Inclusion> {
    const [inclusion] = await this.verifyRecords([record], options)
    if (inclusion === undefined) throw new RangeError('no record was given')
    return inclusion
  }

  /** Whether these records are in the log, in their places; one answer for each. */
  async verifyRecords(
    records: readonly RecordBytes[],
    options: WaitOptions = {},
  ): Promise<readonly Inclusion[]> {
    const last = Math.max(-1, ...records.map(({ index }) => index))
    const checkpoint = await this.covering(last, options)
    const readNode = this.nodesOf(checkpoint, options.signal)
    const inclusions: Inclusion[] = []
    for (const { index, bytes } of records) {
      if (index >= checkpoint.size) {
        inclusions.push({ state: 'not-yet', size: checkpoint.size })
        continue
      }
      const leaf = { index, leafHash: leafHash(this.session.sha256, bytes) }
      const { state } = await compareLeaf(this.session.sha256, checkpoint, leaf, readNode)
      inclusions.push({ state, checkpoint })
    }
    return inclusions
  }

  /**
   * The record's receipt: a C2SP tlog-proof file with the record as its `extra`, which proves
   * offline and for ever that this record is in the log (`verifyReceipt`). Null when it is not, or
   * no checkpoint covers it yet.
   */
  async receipt({ index, bytes }: RecordBytes, options: WaitOptions = {}): Promise<string | null> {
    const { sha256 } = this.session
    const checkpoint = await this.covering(index, options)
    if (index >= checkpoint.size) return null
    const readNode = this.nodesOf(checkpoint, options.signal)
    const leaf = { index, leafHash: leafHash(sha256, bytes) }
    const compared = await compareLeaf(sha256, checkpoint, leaf, readNode)
    if (compared.state !== 'included') return null
    const { proof } = compared
    const note = utf8(checkpoint.note)
    return fromUtf8(formatProofFile({ index, proof, checkpoint: note, extra: bytes }))
  }

  /** The newest verified checkpoint, as soon as it covers leaf `index` or the wait is over. */
  private async covering(index: number, options: WaitOptions): Promise<VerifiedCheckpoint> {
    const { clock } = this.session
    const { waitMs = LIMITS.clientCheckpointWaitMs, signal } = options
    const deadlineMs = clock.monotonicMs() + waitMs
    let { newest } = this
    while (newest === null || newest.size <= index) {
      newest = (await this.refresh(signal)).checkpoint
      if (newest.size > index || clock.monotonicMs() >= deadlineMs) break
      await clock.sleep(LIMITS.clientCheckpointPollMs, signal)
      signal?.throwIfAborted()
    }
    return newest
  }

  private async advance(signal: AbortSignal | undefined): Promise<Refreshed> {
    const given = await this.fetchVerified(signal)
    // Asked each time: another process of this client may have seen more meanwhile.
    const text = await this.memory.load()
    if (text === null) return this.keep(given, { isFirst: true, isStale: false })
    const remembered = await this.remembered(text)
    const isStale = given.size < remembered.size
    const [smaller, larger] = isStale ? [given, remembered] : [remembered, given]
    const { sha256 } = this.session
    const nodes = this.nodesOf(larger, signal)
    const comparison = await compareTrees(sha256, smaller, larger, nodes)
    const evidence = { smaller: smaller.note, larger: larger.note }
    if (comparison.state === 'forked') {
      throw new LogForked('forked', { ...evidence, proof: comparison.proof })
    }
    if (comparison.state === 'tiles-missing') {
      // The log signed more than it says to have now, and cannot show that it still has it.
      if (isStale) throw new LogForked('shrunk', { ...evidence, proof: null })
      throw new HubMisbehaved('tiles-missing', `of size ${larger.size}`)
    }
    return this.keep(larger, { isFirst: false, isStale })
  }

  private async keep(
    checkpoint: VerifiedCheckpoint,
    how: Pick<Refreshed, 'isFirst' | 'isStale'>,
  ): Promise<Refreshed> {
    // Remembered before it is used. A crash in between costs one more proof; the other order could
    // show a receipt whose checkpoint this client would then not hold the log to.
    if (!how.isStale) await this.memory.save(checkpoint.note)
    this.newest = checkpoint
    return { checkpoint, ...how }
  }

  private async fetchVerified(signal: AbortSignal | undefined): Promise<VerifiedCheckpoint> {
    const { connection, directory } = this.session
    const note = await fetchCheckpoint(connection, signal)
    const known = directory.state.logVerifierKey
    const opened = known === null ? null : await this.open(note)
    if (opened?.ok) return verified(opened, note)
    // The directory may have named the log, or another, since it was last read.
    await directory.catchUp(undefined, signal)
    const again = await this.open(note)
    if (!again.ok) throw new HubMisbehaved('checkpoint-unverifiable', again.why)
    return verified(again, note)
  }

  private async remembered(note: string): Promise<VerifiedCheckpoint> {
    const trust = this.trust()
    const { directory, sha256 } = this.session
    // Whatever was remembered must still be so under a new key: else a change of key hides a fork.
    const formerKeys = formerKeysOf(directory.state, trust.log, sha256)
    const opened = await openCheckpoint(utf8(note), { ...trust, formerKeys })
    if (!opened.ok) throw new LogChanged(opened.why, note)
    return verified(opened, note)
  }

  private open(note: string) {
    return openCheckpoint(utf8(note), this.trust())
  }

  private trust(): LogTrust {
    const { directory, sha256, verify } = this.session
    const named = directory.state.logVerifierKey
    const log = named === null ? null : parseVerifierKey(sha256, named)
    if (log === null) throw new HubMisbehaved('log-unnamed', named ?? 'no LogNamed entry')
    return { ...trustIn(log, verify), cosigners: this.cosigners }
  }

  private nodesOf({ size }: Checkpoint, signal: AbortSignal | undefined): ReadNode {
    const { connection, sha256 } = this.session
    return tileNodes(sha256, size, (tile) => fetchTile(connection, tile, signal))
  }
}

type Opened = Extract<OpenedCheckpoint, { ok: true }>

const verified = ({ checkpoint, cosignatures }: Opened, note: string): VerifiedCheckpoint => ({
  ...checkpoint,
  cosignatures,
  note,
})

const cosignerFrom = (text: string, { sha256 }: Session): VerifierKey => {
  const key = parseVerifierKey(sha256, text)
  if (key === null || key.type === 'ed25519') throw new TypeError('this is no cosigner’s key')
  return key
}
