import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { base64, hex } from '#core/bytes.ts'
import { SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import { refuse } from '#core/refusal.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { openEntrance } from '#services/gateway/enter-entry.ts'
import { readerWithin } from '#services/gateway/reader.ts'
import { decideCall, draftOf } from '#services/gateway/release.ts'

const Query = Type.Object(
  {
    from: Type.Integer({ minimum: 0, default: 0, description: 'An offset of the topic.' }),
    limit: Type.Integer({ minimum: 1, maximum: LIMITS.pageItemsMax, default: LIMITS.pageItemsMax }),
  },
  { additionalProperties: false },
)

export const directoryRoutes = (app: FastifyInstance, deps: GatewayDeps): void => {
  readRoute(app, deps)
  enterRoute(app, deps)
}

/**
 * GET /v1/directory/entries: the topic as it is, unauthorised entries and all, so that whoever
 * holds the pinned genesis digest can verify the whole chain and not take our word.
 */
const readRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/directory/entries',
    { schema: { querystring: Query }, config: { doc: DOCS.directoryEntries } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'directory-reads')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const { from, limit } = request.query
      const head = await deps.log.head(DIRECTORY_TOPIC)
      const decision = decideCall(deps, reader.value.caller, 'directory')
      const draft = { ...draftOf(deps, reader.value), action: 'DIRECTORY', alert: null } as const
      const outcome = decision.allowed ? 'ALLOWED' : 'DENIED'
      const reasons = decision.allowed ? [] : decision.reasons
      await deps.accessLog.append([{ ...draft, outcome, reasons }])
      if (!decision.allowed) return sendRefusal(reply, { code: 'not-found' })
      if (from > head) return sendRefusal(reply, { code: 'range-invalid' })
      const entries = await deps.log.read(DIRECTORY_TOPIC, from, limit)
      // The directory may have moved while the record was written.
      if (!deps.directory.isFresh()) return sendRefusal(reply, { code: 'directory-stale' })
      if (!decideCall(deps, reader.value.caller, 'directory').allowed) {
        return sendRefusal(reply, { code: 'not-found' })
      }
      const { sequence, digest } = deps.directory.state
      reply.header('cache-control', 'private, no-store')
      return {
        entries: entries.map(({ offset, value }) => ({ offset, bytes: base64(value) })),
        next: from + entries.length,
        head: { sequence, digest: hex(digest) },
      }
    },
  )
}

/** A little more than is taken, so that what is too long is refused on record. */
const ENTRY_READ_BYTES_MAX = LIMITS.directoryEntryBytesMax + 1_024

/**
 * POST /v1/directory/entries: enters a signed entry. 201 when it is new, 200 when this very entry
 * was there. Its signatures decide what it may say; the caller answers for handing it in.
 */
const enterRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  const enterEntry = openEntrance(deps)
  // In a scope of its own, so that each route takes its own media type and no other.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      SIGNED_DIRECTORY_ENTRY_TYPE,
      { parseAs: 'buffer' },
      (_request, body, done) => {
        done(null, body)
      },
    )
    scope.post(
      '/v1/directory/entries',
      { bodyLimit: ENTRY_READ_BYTES_MAX, config: { doc: DOCS.enterEntry } },
      async (request, reply) => {
        const reader = await readerWithin(deps, request, 'directory-entries')
        if (!reader.ok) return sendRefusal(reply, reader.refusal)
        if (!(request.body instanceof Uint8Array)) {
          return sendRefusal(
            reply,
            refuse('media-type-unsupported', SIGNED_DIRECTORY_ENTRY_TYPE).refusal,
          )
        }
        const entered = await enterEntry(reader.value, request.body)
        if (!entered.ok) return sendRefusal(reply, entered.refusal)
        const { isNew, sequence, digest, offset } = entered.value
        return reply
          .code(isNew ? 201 : 200)
          .header('cache-control', 'private, no-store')
          .send({ sequence, digest: hex(digest), offset })
      },
    )
    done()
  })
}
