import type { MessageLog } from '#core/ports/message-log.ts'
import type { NewTile, TileStore } from '#core/ports/tile-store.ts'
import { appendLeaves, type Tile, type TreeEdge } from '#core/tlog/tree.ts'
import { CHECKPOINTS_TOPIC } from '#core/topics.ts'
import { noteText, type Published } from '#services/audit/published.ts'
import { type SigningDeps, signCheckpoint } from '#services/audit/sign-checkpoint.ts'

export interface IntegrateDeps extends SigningDeps {
  readonly log: MessageLog
  readonly tiles: TileStore
  readonly published: Published
}

/**
 * Grows the tree by leaves that are durable in the access topic, and publishes its checkpoint. The
 * order of the writes is the whole design. Rejects with whatever a store rejects with; then the
 * caller goes on from the edge that it had, now or after a restart.
 */
export const integrate = async (
  deps: IntegrateDeps,
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): Promise<TreeEdge> => {
  const { edge: grown, tiles } = appendLeaves(deps.sha256, edge, leafHashes)
  // Tiles come before the checkpoint that needs them. A crash in between leaves tiles that are
  // longer than the last checkpoint; they are a pure function of the topic, so the next start cuts
  // them to its size and writes the same bytes again. The other order could publish a root whose
  // proofs nobody can be given.
  await deps.tiles.write(tiles.map(newTile))
  // A crash after the signature and before the append: nobody has seen it, and it is made again
  // over the same leaves, for these are durable.
  const checkpoint = await signCheckpoint(deps, grown)
  // The durable append is the moment of publication: from here on this tree is promised for ever.
  // A crash behind it is repaired at the next start, which finds this checkpoint and goes on from
  // it. An outcome that is not known is repeated, with the same checkpoint or one that extends it.
  await deps.log.append(CHECKPOINTS_TOPIC, [checkpoint.note])
  // A copy for readers of the files. A crash before it leaves an older one, still true; the next
  // start writes it from the topic.
  await deps.tiles.writeCheckpoint(noteText(checkpoint))
  deps.published.set(checkpoint)
  return grown
}

export const newTile = ({ level, index, hashes }: Tile): NewTile => ({
  level,
  index,
  bytes: hashes,
})
