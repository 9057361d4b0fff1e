import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { chooseType } from '#adapters/http/media-type.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { type Refusal, refuse } from '#core/refusal.ts'
import type { StreamEnd } from '#core/stream-end.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { FeedQuery, filterFrom } from '#services/gateway/feed-query.ts'
import { streamEndOf } from '#services/gateway/feed-stream.ts'
import { openFeed, startOf } from '#services/gateway/read-feed.ts'
import { readerWithin } from '#services/gateway/reader.ts'
import type { Reader } from '#services/gateway/release.ts'
import { Streams } from '#services/gateway/streams.ts'

const TYPE = 'text/event-stream'

type Request = FastifyRequest<{ Querystring: FeedQuery }>

/** GET /v1/feed/stream: a feed that goes on, as server-sent events. */
export const feedStreamRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  const streams = new Streams(deps)
  deps.metrics.watch('rabta_streams_open', {}, () => streams.count)
  // Before the server waits for its connections, of which these would not end by themselves.
  app.addHook('preClose', () => streams.close())
  app.get<{ Querystring: FeedQuery }>(
    '/v1/feed/stream',
    // A HEAD has no body to stream into, and would have records made of what nobody gets.
    {
      schema: { querystring: FeedQuery },
      config: { doc: DOCS.stream },
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      if (chooseType(request.headers.accept, [TYPE]) === null) {
        return sendRefusal(reply, refuse('not-acceptable', TYPE).refusal)
      }
      const reader = await readerWithin(deps, request, 'streams')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const why = streamEndOf(deps, reader.value)
      if (why !== null) return sendRefusal(reply, refusalOf(why))
      return begin(streams, deps, reader.value, { request, reply })
    },
  )
}

const begin = async (
  streams: Streams,
  deps: GatewayDeps,
  reader: Reader,
  { request, reply }: { readonly request: Request; readonly reply: FastifyReply },
): Promise<FastifyReply> => {
  const filter = filterFrom(request.query)
  if (!filter.ok) return sendRefusal(reply, filter.refusal)
  const place = streams.takePlace(reader.caller.principal)
  if (!place.ok) return sendRefusal(reply, place.refusal)
  const feed = openFeed(deps, reader, filter.value)
  const start = await startOf(deps, feed, cursorIn(request)).catch((error: unknown) => {
    place.value.giveBack()
    throw error
  })
  if (!start.ok) {
    place.value.giveBack()
    return sendRefusal(reply, start.refusal)
  }
  streams.start(reply, feed, start.value, place.value)
  return reply
}

/** Where a client was when its connection broke goes before where it once began. */
const cursorIn = ({ headers, query }: Request): string => {
  const last = headers['last-event-id']
  return last === undefined ? query.from : String(last)
}

const refusalOf = (why: StreamEnd): Refusal => {
  if (why === 'directory-stale' || why === 'policy-not-active') return { code: why }
  if (why === 'token-expired') return { code: 'not-authenticated' }
  if (why === 'role-missing') return { code: why }
  return { code: 'not-permitted', reasons: [why] }
}
