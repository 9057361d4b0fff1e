import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { concatBytes, equalBytes } from '#core/bytes.ts'
import { TileDamaged } from '#core/ports/tile-store.ts'
import { readRange } from '#core/read-range.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { Scope } from '#core/search-scope.ts'
import { encodeBundle } from '#core/tlog/entry-bundle.ts'
import { leafHash } from '#core/tlog/hash.ts'
import {
  type BundleId,
  bundlePath,
  parseBundlePath,
  parseTilePath,
  TILE_WIDTH,
  type TileId,
  tilePath,
  tileWidth,
} from '#core/tlog/tile.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { askerOf } from '#services/audit/asker.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { DOCS } from '#services/audit/docs.ts'
import { noteText } from '#services/audit/published.ts'
import { allowQuery, refuseQuery } from '#services/audit/query-record.ts'
import { roleFault, scopeOf } from '#services/audit/scope.ts'

interface TileParams {
  readonly '*': string
}

/**
 * The log as C2SP tlog-tiles has it, under the prefix /v1/access-log: checkpoint and hash tiles for
 * everyone, entry bundles for national auditors.
 */
export const logRoutes = (app: FastifyInstance, deps: AuditDeps): void => {
  app.get('/v1/access-log/checkpoint', { config: { doc: DOCS.checkpoint } }, (_request, reply) => {
    const { current } = deps.published
    if (current === null) return sendRefusal(reply, { code: 'catching-up' })
    return reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'public, max-age=1')
      .send(noteText(current))
  })

  app.get<{ Params: TileParams }>(
    '/v1/access-log/tile/*',
    { config: { doc: DOCS.tile } },
    async (request, reply) => {
      const tile = parseTilePath(`tile/${request.params['*']}`)
      if (tile === null) return sendRefusal(reply, { code: 'not-found' })
      return sendTile(deps, reply, tile)
    },
  )

  app.get<{ Params: TileParams }>(
    '/v1/access-log/tile/entries/*',
    { config: { doc: DOCS.bundle } },
    async (request, reply) => {
      const bundle = parseBundlePath(`tile/entries/${request.params['*']}`)
      if (bundle === null) return sendRefusal(reply, { code: 'not-found' })
      return sendBundle(deps, request, reply, bundle)
    },
  )
}

const sendTile = async (
  deps: AuditDeps,
  reply: FastifyReply,
  tile: TileId,
): Promise<FastifyReply> => {
  if (deps.published.current === null) return sendRefusal(reply, { code: 'catching-up' })
  if (!isPublished(deps, tile)) return sendRefusal(reply, { code: 'not-found' })
  const hashes = await readTile(deps, tile)
  if (hashes === null) return sendRefusal(reply, { code: 'internal' })
  return reply
    .type('application/octet-stream')
    .header('cache-control', 'public, max-age=31536000, immutable')
    .send(Buffer.from(hashes))
}

/** Whether the tree that everyone may see has the tile, in this width or wider. */
const isPublished = ({ published }: AuditDeps, { level, index, width }: TileId): boolean => {
  const size = published.current?.size ?? 0
  return width <= tileWidth(level, index, size)
}

/** Null, with an alarm, when the store has lost what a published checkpoint covers. */
const readTile = async (deps: AuditDeps, tile: TileId): Promise<Uint8Array | null> => {
  try {
    const hashes = await deps.tiles.read(tile)
    if (hashes === null) deps.onAlarm({ what: 'tile-damaged', why: `${tilePath(tile)}: missing` })
    return hashes
  } catch (error) {
    if (!(error instanceof TileDamaged)) throw error
    deps.onAlarm({ what: 'tile-damaged', why: error.message })
    return null
  }
}

const sendBundle = async (
  deps: AuditDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  bundle: BundleId,
): Promise<FastifyReply> => {
  const asker = await askerOf(deps, request)
  if (!asker.ok) return sendRefusal(reply, asker.refusal)
  const query = { action: 'SEARCH', alert: null, terms: bundlePath(bundle) } as const
  // A bundle holds the records of both realms, so a role in an exercise is not enough.
  const maySee = (scope: Scope): boolean =>
    scope.sees === 'all' && asker.value.caller.realm === 'live'
  const scope = scopeOf(deps, asker.value.caller)
  if (!maySee(scope)) {
    const reasons = roleFault(scope)
    const denial = { reasons, refusal: { code: 'not-permitted', reasons } } as const
    return sendRefusal(reply, await refuseQuery(deps, asker.value, query, denial))
  }
  const bytes = await bundleBytes(deps, bundle)
  if (!bytes.ok) {
    const denial = { reasons: [bytes.refusal.code], refusal: bytes.refusal }
    return sendRefusal(reply, await refuseQuery(deps, asker.value, query, denial))
  }
  const refusal = await allowQuery(deps, asker.value, query, maySee)
  if (refusal !== null) return sendRefusal(reply, refusal)
  return reply
    .type('application/octet-stream')
    .header('cache-control', 'private, no-store')
    .send(Buffer.from(bytes.value))
}

/** The bundle, made from the topic, once its entries are seen to have the hashes of their tile. */
const bundleBytes = async (deps: AuditDeps, bundle: BundleId): Promise<Result<Uint8Array>> => {
  const tile = { level: 0, ...bundle }
  if (!isPublished(deps, tile)) return refuse('not-found')
  const from = bundle.index * TILE_WIDTH
  const values: Uint8Array[] = []
  const range = { from, to: from + bundle.width }
  for await (const entries of readRange(deps.log, ACCESS_TOPIC, range)) {
    values.push(...entries.map(({ value }) => value))
  }
  const hashes = concatBytes(...values.map((value) => leafHash(deps.sha256, value)))
  const stored = await readTile(deps, tile)
  const encoded = encodeBundle(values)
  if (stored === null || encoded === null) return refuse('internal')
  if (equalBytes(stored, hashes)) return accept(encoded)
  deps.onAlarm({ what: 'tile-damaged', why: `${tilePath(tile)}: not of the entries of access` })
  return refuse('internal')
}
