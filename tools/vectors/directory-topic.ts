import { sha256 } from '#adapters/crypto/sha256.ts'
import { hex } from '#core/bytes.ts'
import { authorEntry, CHAIN_START, type ChainEnd } from '#core/directory/author.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { readable } from '#tests/schema-vectors/readable.ts'
import type { VectorKey } from '#tools/vectors/keys.ts'

export interface TopicRow {
  readonly why: string
  readonly entry: string
  /** Null when it is applied. */
  readonly fault: DirectoryFault | null
  readonly sequence?: number
  readonly digest?: string
  readonly enteredAtMs?: number
  readonly change?: unknown
}

export interface Authored {
  readonly change: DirectoryChange
  readonly by: readonly VectorKey[]
  readonly atMs: number
}

/** A directory topic as it is written, entry by entry, the ignored ones among the others. */
export class DirectoryTopic {
  readonly rows: TopicRow[] = []
  end: ChainEnd = CHAIN_START
  genesisDigest = ''

  /** An entry that all must apply. */
  async apply(why: string, authored: Authored): Promise<void> {
    const { bytes, ...end } = await this.author(authored, this.end)
    if (this.end.sequence < 0) this.genesisDigest = hex(end.digest)
    this.end = end
    this.rows.push({
      why,
      entry: hex(bytes),
      fault: null,
      sequence: end.sequence,
      digest: hex(end.digest),
      enteredAtMs: authored.atMs,
      change: readable(authored.change),
    })
  }

  /** An entry that all must ignore, for the reason that is given. */
  async ignore(why: string, fault: DirectoryFault, authored: Authored, end = this.end) {
    const { bytes } = await this.author(authored, end)
    this.ignoreBytes(why, fault, bytes)
  }

  ignoreBytes(why: string, fault: DirectoryFault, bytes: Uint8Array): void {
    this.rows.push({ why, entry: hex(bytes), fault })
  }

  author({ change, by, atMs }: Authored, end = this.end) {
    return authorEntry(end, change, { signers: by, enteredAtMs: atMs, sha256 })
  }
}
