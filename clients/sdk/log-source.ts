import type { Connection } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { fromUtf8 } from '#core/bytes.ts'
import { sliceTile, TILE_WIDTH, type TileId, tilePath } from '#core/tlog/tile.ts'

const LOG_PATH = '/v1/access-log'

/** The newest checkpoint as the hub gives it, unverified. */
export const fetchCheckpoint = async (
  connection: Connection,
  signal?: AbortSignal,
): Promise<string> => {
  const answer = await connection.get({
    server: 'audit',
    path: `${LOG_PATH}/checkpoint`,
    accept: 'text/plain',
    isPublic: true,
    ...(signal && { signal }),
  })
  const text = fromUtf8(answer.body)
  if (text === null) throw new HubMisbehaved('checkpoint-unverifiable', 'malformed')
  return text
}

/**
 * The hashes of a tile as the hub gives them, unverified; null when it has none. A log may drop a
 * partial tile once the full one exists (C2SP tlog-tiles), so that is asked for then.
 */
export const fetchTile = async (
  connection: Connection,
  tile: TileId,
  signal?: AbortSignal,
): Promise<Uint8Array | null> => {
  const answer = await connection.getIfThere({
    server: 'audit',
    path: `${LOG_PATH}/${tilePath(tile)}`,
    accept: 'application/octet-stream',
    isPublic: true,
    ...(signal && { signal }),
  })
  if (answer !== null) return sliceTile(answer.body, tile.width)
  if (tile.width === TILE_WIDTH) return null
  const full = await fetchTile(connection, { ...tile, width: TILE_WIDTH }, signal)
  return full && sliceTile(full, tile.width)
}
