import { sha256 } from '#adapters/crypto/sha256.ts'
import { openMemoryTileStore } from '#adapters/memory/tile-store.ts'
import { utf8 } from '#core/bytes.ts'
import type { Signer } from '#core/ports/signer.ts'
import { formatCheckpoint } from '#core/tlog/checkpoint.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { formatNote, signNote } from '#core/tlog/note.ts'
import { parseTilePath, TILE_WIDTH } from '#core/tlog/tile.ts'
import { appendLeaves, EMPTY_EDGE, edgeRoot, type TreeEdge } from '#core/tlog/tree.ts'
import { formatVerifierKey, type VerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'

/** A log in memory that signs what it is told to: also what an honest one never would. */
export class TestLog {
  readonly key: VerifierKey
  private readonly signer: Signer
  private readonly tiles = openMemoryTileStore()
  private edge: TreeEdge = EMPTY_EDGE

  /** `signer`: Ed25519. */
  constructor(name: string, signer: Signer) {
    const key = verifierKey(sha256, name, 'ed25519', signer.publicKey.key)
    if (key === null) throw new RangeError(name)
    this.key = key
    this.signer = signer
  }

  /** As it stands in the directory. */
  get verifierKeyText(): string {
    return formatVerifierKey(this.key)
  }

  async append(entries: readonly Uint8Array[]): Promise<void> {
    const hashes = entries.map((entry) => leafHash(sha256, entry))
    const { edge, tiles } = appendLeaves(sha256, this.edge, hashes)
    await this.tiles.write(
      tiles.map(({ level, index, hashes: bytes }) => ({ level, index, bytes })),
    )
    this.edge = edge
  }

  /** A signed note over all that was appended. */
  async checkpoint(): Promise<string> {
    const { name: origin, id: keyId } = this.key
    const { size } = this.edge
    const root = edgeRoot(sha256, this.edge)
    const text = formatCheckpoint({ origin, size, root, extensions: [] }) ?? ''
    const sign = (message: Uint8Array) => this.signer.sign(message)
    const note = await signNote(text, [{ name: origin, keyId, sign }])
    return Buffer.from(formatNote(note)).toString()
  }

  /** Of `tile/…`; as a log that drops partial tiles once the full one is there. */
  async tile(path: string): Promise<Uint8Array | null> {
    const tile = parseTilePath(path)
    if (tile === null) return null
    const full = await this.tiles.read({ ...tile, width: TILE_WIDTH })
    return full !== null && tile.width < TILE_WIDTH ? null : this.tiles.read(tile)
  }
}

/** Leaves that tell themselves apart. */
export const testLeaves = (from: number, to: number, branch = ''): readonly Uint8Array[] =>
  Array.from({ length: to - from }, (_, at) => utf8(`leaf ${from + at}${branch}`))
