import { jsonFrom } from '#clients/sdk/answer.ts'
import type { Connection } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { bytesShape, countShape, digestShape, listOf, objectOf } from '#clients/sdk/shape.ts'
import { equalBytes } from '#core/bytes.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import { type JudgeDeps, type Judgement, judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { LIMITS } from '#core/limits.ts'

export interface DirectoryMirrorDeps extends JudgeDeps {
  readonly connection: Connection
  /** Told of each entry of the topic as it is judged, before the state applies it. */
  readonly onEntry?: (seen: SeenEntry) => void
}

/** An entry of the topic as this client judged it. */
export interface SeenEntry {
  readonly offset: number
  readonly bytes: Uint8Array
  readonly judgement: Judgement
}

/** An entry that somebody put into the directory topic without the right to. */
export interface IgnoredEntry {
  readonly offset: number
  readonly fault: DirectoryFault
}

/**
 * The directory as this client verified it: every entry since the pinned genesis, judged by the
 * rules by which the services judge it. Entries that are not authorised change nothing.
 */
export class DirectoryMirror {
  /** Who is who, up to `state.sequence`; changes as `catchUp` goes on. */
  readonly state: DirectoryState
  private readonly deps: DirectoryMirrorDeps
  private readonly digests: Uint8Array[] = []
  private readonly ignoredEntries: IgnoredEntry[] = []
  private nextOffset = 0
  private running: Promise<unknown> = Promise.resolve()

  constructor(deps: DirectoryMirrorDeps) {
    this.deps = deps
    this.state = new DirectoryState(deps.sha256)
  }

  /** The first `LIMITS.clientIgnoredEntriesMax` of the entries that were passed over. */
  get ignored(): readonly IgnoredEntry[] {
    return this.ignoredEntries
  }

  /** The digest of entry `sequence` of the chain; null when it is not known yet. */
  digestAt(sequence: number): Uint8Array | null {
    return this.digests[sequence] ?? null
  }

  /**
   * Reads on until entry `sequence` was applied, or, without one, to the end of what the hub gives.
   * False when the hub does not give that far. Rejects as `Connection` does, and with
   * `HubMisbehaved` (`directory-gap`, `directory-differs`, `directory-withheld`); what was read
   * before stays. Each request leaves a `DIRECTORY` record; one that is not needed is not made.
   */
  async catchUp(sequence?: number, signal?: AbortSignal): Promise<boolean> {
    const work = () => this.readOn(sequence ?? Number.POSITIVE_INFINITY, signal)
    const reached = this.running.then(work, work)
    this.running = reached.catch(() => undefined)
    await reached
    return this.state.sequence >= (sequence ?? -1)
  }

  /** A mirror that begins anew at the genesis entry and tells of each entry that it reads. */
  retold(onEntry: (seen: SeenEntry) => void): DirectoryMirror {
    return new DirectoryMirror({ ...this.deps, onEntry })
  }

  /** Whether `bytes` may follow the directory as far as it is known here. */
  judge(bytes: Uint8Array): Promise<Judgement> {
    return judgeEntry(this.state, bytes, this.deps)
  }

  private async readOn(sequence: number, signal: AbortSignal | undefined): Promise<void> {
    let emptyPages = 0
    for (let page = 0; this.state.sequence < sequence; page += 1) {
      if (page >= LIMITS.clientDirectoryPagesMax) {
        throw new HubMisbehaved('directory-gap', 'the directory does not end')
      }
      const { entries, head } = await this.readPage(signal)
      for (const entry of entries) await this.take(entry)
      this.checkHead(head)
      if (head.sequence <= this.state.sequence) return
      // An entry that came between the hub's two looks is in the next page.
      if (entries.length === 0) emptyPages += 1
      if (emptyPages >= EMPTY_PAGES_MAX) {
        throw new HubMisbehaved('directory-withheld', `entry ${this.state.sequence + 1}`)
      }
    }
  }

  private async readPage(signal: AbortSignal | undefined): Promise<Page> {
    const answer = await this.deps.connection.get({
      server: 'gateway',
      path: '/v1/directory/entries',
      query: { from: String(this.nextOffset), limit: String(LIMITS.pageItemsMax) },
      accept: 'application/json',
      ...(signal && { signal }),
    })
    return jsonFrom(answer, pageShape)
  }

  private async take({ offset, bytes }: GivenEntry): Promise<void> {
    if (offset !== this.nextOffset) {
      throw new HubMisbehaved('directory-gap', `${offset} came for ${this.nextOffset}`)
    }
    const judgement = await this.judge(bytes)
    this.deps.onEntry?.({ offset, bytes, judgement })
    if (judgement.ok) {
      this.state.apply(judgement.entry, judgement.digest)
      this.digests.push(judgement.digest)
    } else if (this.ignoredEntries.length < LIMITS.clientIgnoredEntriesMax) {
      this.ignoredEntries.push({ offset, fault: judgement.fault })
    }
    this.nextOffset = offset + 1
  }

  private checkHead({ sequence, digest }: Page['head']): void {
    const own = this.digestAt(sequence)
    if (own !== null && !equalBytes(own, digest)) {
      throw new HubMisbehaved('directory-differs', `entry ${sequence}`)
    }
  }
}

const EMPTY_PAGES_MAX = 3

const entryShape = objectOf({
  offset: countShape,
  bytes: bytesShape(LIMITS.entryBytesMax),
})
const pageShape = objectOf({
  entries: listOf(entryShape, LIMITS.pageItemsMax),
  head: objectOf({ sequence: countShape, digest: digestShape }),
})
type GivenEntry = ReturnType<typeof entryShape>
type Page = ReturnType<typeof pageShape>
