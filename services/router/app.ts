import type { FastifyInstance } from 'fastify'
import { createServer, type LogDestination, type Readiness } from '#adapters/http/server.ts'
import type { ServerTls } from '#adapters/http/server-tls.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { Metrics } from '#core/metrics/metrics.ts'
import type { TopicFollowers } from '#core/topic-followers.ts'

export interface RouterHealth {
  readonly directory: DirectoryView
  readonly followers: TopicFollowers
  readonly metrics: Metrics
}

/** A router serves nobody; it listens to say how it is. */
export const buildRouter = (
  { directory, followers, metrics }: RouterHealth,
  logTo: LogDestination | null,
  tls: ServerTls | null = null,
): FastifyInstance => {
  const check = async (): Promise<string | null> =>
    directory.failure?.message ?? (directory.isFresh() ? null : 'stale')
  return createServer({
    logTo,
    tls,
    metrics,
    readiness: [{ name: 'directory', check }, ...routerReadiness(followers)],
  })
}

export const routerReadiness = (followers: TopicFollowers): readonly Readiness[] => [
  {
    name: 'routing',
    check: async () => {
      const [first] = followers.trouble()
      return first === undefined ? null : first.join(': ')
    },
  },
]
