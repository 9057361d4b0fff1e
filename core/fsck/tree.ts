import { accessLeafHashes, LogBroken } from '#core/access-leaves.ts'
import { equalBytes } from '#core/bytes.ts'
import { type Claim, claimInStore, claimsInTopic } from '#core/fsck/claims.ts'
import type { FsckFindings } from '#core/fsck/findings.ts'
import { checkTile, edgeTiles, isFullAt } from '#core/fsck/tiles.ts'
import type { Sha256 } from '#core/hash.ts'
import { lastCheckpoint } from '#core/last-checkpoint.ts'
import { type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import { TileDamaged, type TileStore } from '#core/ports/tile-store.ts'
import { readRange } from '#core/read-range.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { treeRoot } from '#core/tlog/prove.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import { tileNodes } from '#core/tlog/tile-nodes.ts'
import { appendLeaves, EMPTY_EDGE, edgeRoot, type TreeEdge } from '#core/tlog/tree.ts'
import { ACCESS_TOPIC, CHECKPOINTS_TOPIC } from '#core/topics.ts'

export interface TreeDeps {
  readonly log: MessageLog
  readonly tiles: TileStore
  readonly trust: LogTrust
  readonly sha256: Sha256
}

/** Grows the tree from all entries of the access topic, and holds every stored tile and every
 * signed checkpoint against it. */
export const checkTree = async (
  deps: TreeDeps,
  findings: FsckFindings,
): Promise<{ readonly size: number; readonly root: Uint8Array | null }> => {
  const { log, trust } = deps
  // In this order: what a checkpoint covers is in the topic before it is.
  const stored = await claimInStore(deps.tiles, trust, findings)
  const last = await lastCheckpoint(log, trust, () => undefined)
  const checkpoints = await log.head(CHECKPOINTS_TOPIC)
  const entries = await log.head(ACCESS_TOPIC)
  findings.expect(checkpoints + entries)
  const inTopic = last?.size ?? 0
  if (stored !== null && stored.size > inTopic) {
    const text = `ends at size ${inTopic}, ${stored.where} says ${stored.size}`
    findings.problem(`${CHECKPOINTS_TOPIC} ${text}`)
  }
  const size = Math.max(inTopic, stored?.size ?? 0)
  const claims = claimsInTopic(log, trust, checkpoints, findings)
  const tree = new TreeCheck(deps, { size, claims, findings })
  const broken = await growFromTopic(deps, tree, entries, findings)
  const hasSigned = last !== null || stored !== null
  const isCopy = stored !== null && stored.size === inTopic && sameRoot(stored, last)
  if (!broken) await tree.checkRest(isCopy ? null : stored)
  return { size, root: hasSigned && tree.rootAtSize !== null ? tree.rootAtSize : null }
}

const sameRoot = (one: Claim, other: Checkpoint | null): boolean =>
  other !== null && equalBytes(one.root, other.root)

/** Whether the topic cannot be the leaves of a tree. */
const growFromTopic = async (
  { log, sha256 }: TreeDeps,
  tree: TreeCheck,
  entries: number,
  findings: FsckFindings,
): Promise<boolean> => {
  await tree.grow([])
  let next = 0
  try {
    for await (const batch of readRange(log, ACCESS_TOPIC, { from: 0, to: entries })) {
      await tree.grow(accessLeafHashes(sha256, next, batch))
      next += batch.length
      findings.advance(batch.length)
    }
    return false
  } catch (error) {
    if (error instanceof OffsetGone) findings.problem(`access entry ${next} is missing`)
    else if (error instanceof LogBroken) findings.problem(error.message)
    else throw error
    return true
  }
}

/** The tree as far as it has grown, with what is still to be compared with it. */
class TreeCheck {
  /** Of the first `size` entries, once the tree is as large. */
  rootAtSize: Uint8Array | null = null
  private edge: TreeEdge = EMPTY_EDGE
  private claim: Claim | null | 'not asked' = 'not asked'
  private mismatches = 0
  private readonly deps: TreeDeps
  private readonly size: number
  private readonly claims: AsyncGenerator<Claim>
  private readonly findings: FsckFindings

  constructor(
    deps: TreeDeps,
    against: {
      /** Up to where tiles must be stored. */
      readonly size: number
      readonly claims: AsyncGenerator<Claim>
      readonly findings: FsckFindings
    },
  ) {
    this.deps = deps
    this.size = against.size
    this.claims = against.claims
    this.findings = against.findings
  }

  /** Stops at the size of each checkpoint on the way. */
  async grow(leafHashes: readonly Uint8Array[]): Promise<void> {
    const end = this.edge.size + leafHashes.length
    let left = leafHashes
    for (;;) {
      await this.compareHere()
      const step = this.nextStop(end) - this.edge.size
      if (step <= 0) return
      const grown = appendLeaves(this.deps.sha256, this.edge, left.slice(0, step))
      for (const tile of grown.tiles) {
        if (isFullAt(this.size, tile)) await checkTile(this.deps, tile, this.findings)
      }
      this.edge = grown.edge
      left = left.slice(step)
    }
  }

  /** What is larger than the topic, and the checkpoint that does not come from a topic. */
  async checkRest(stored: Claim | null): Promise<void> {
    for (let claim = await this.nextClaim(); claim !== null; claim = await this.afterClaim()) {
      this.tooLarge(claim)
    }
    if (stored !== null && stored.size > this.edge.size) this.tooLarge(stored)
    else if (stored !== null) await this.compare(stored)
    if (this.mismatches > 1) {
      this.findings.problem(`and ${this.mismatches - 1} more checkpoints are not of this tree`)
    }
  }

  private async compareHere(): Promise<void> {
    if (this.edge.size === this.size && this.rootAtSize === null) {
      this.rootAtSize = edgeRoot(this.deps.sha256, this.edge)
      for (const tile of edgeTiles(this.edge)) await checkTile(this.deps, tile, this.findings)
    }
    let claim = await this.nextClaim()
    while (claim !== null && claim.size <= this.edge.size) {
      await this.compare(claim)
      claim = await this.afterClaim()
    }
  }

  private nextStop(end: number): number {
    const stops = [end]
    if (this.claim !== null && this.claim !== 'not asked') stops.push(this.claim.size)
    if (this.size > this.edge.size) stops.push(this.size)
    return Math.min(...stops)
  }

  private async compare({ where, size, root }: Claim): Promise<void> {
    const right =
      size === this.edge.size ? edgeRoot(this.deps.sha256, this.edge) : await this.rootOf(size)
    if (right !== null && equalBytes(right, root)) return
    this.mismatches += 1
    // All that follow a fork differ: the first says where it is.
    if (this.mismatches > 1) return
    this.findings.problem(`${where}: its root is not that of the first ${size} entries of access`)
  }

  /** From stored tiles: an append whose outcome was unknown may come after a larger checkpoint. */
  private async rootOf(size: number): Promise<Uint8Array | null> {
    const { tiles, sha256 } = this.deps
    const readNode = tileNodes(sha256, this.size, async (tile) => {
      try {
        return await tiles.read(tile)
      } catch (error) {
        if (error instanceof TileDamaged) return null
        throw error
      }
    })
    return treeRoot(sha256, readNode, size)
  }

  private tooLarge({ where, size }: Claim): void {
    const has = `access has ${this.edge.size} entries`
    this.findings.problem(`${has}, fewer than ${where} says: ${size}`)
  }

  private async nextClaim(): Promise<Claim | null> {
    return this.claim === 'not asked' ? this.afterClaim() : this.claim
  }

  private async afterClaim(): Promise<Claim | null> {
    const next = await this.claims.next()
    this.claim = next.done === true ? null : next.value
    return this.claim
  }
}
