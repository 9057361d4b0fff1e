import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { LIMITS } from '#core/limits.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { FeedQuery, filterFrom } from '#services/gateway/feed-query.ts'
import { itemView } from '#services/gateway/item-view.ts'
import { readFeed } from '#services/gateway/read-feed.ts'
import { readerWithin } from '#services/gateway/reader.ts'
import { noticeView } from '#services/gateway/recall-notices.ts'
import { reminderView } from '#services/gateway/reminders.ts'
import { Turns } from '#services/gateway/turns.ts'

const Query = Type.Object(
  {
    ...FeedQuery.properties,
    limit: Type.Integer({ minimum: 1, maximum: LIMITS.pageItemsMax, default: 100 }),
  },
  { additionalProperties: false },
)
type Query = Static<typeof Query>

/** GET /v1/feed: one page of what the caller may read, each alert with its access record. */
export const feedRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  // Pages are long work on the one thread: many at once would only hold up each other, and a flash.
  const turns = new Turns(LIMITS.pagesAtOnceMax)
  app.get<{ Querystring: Query }>(
    '/v1/feed',
    { schema: { querystring: Query }, config: { doc: DOCS.feed } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'feeds')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const filter = filterFrom(request.query)
      if (!filter.ok) return sendRefusal(reply, filter.refusal)
      const { from, limit } = request.query
      const wanted = { from, limit, filter: filter.value, turns }
      const page = await readFeed(deps, reader.value, wanted)
      if (!page.ok) return sendRefusal(reply, page.refusal)
      const { notices, reminders, widened, items, next, isEnd } = page.value
      reply.header('cache-control', 'private, no-store')
      return {
        notices: notices.recalls.map(noticeView),
        noticesCut: notices.isCut,
        reminders: reminders.reminders.map(reminderView),
        remindersCut: reminders.isCut,
        widened,
        items: items.map(itemView),
        next,
        isEnd,
      }
    },
  )
}
