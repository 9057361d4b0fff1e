import type { FastifyInstance } from 'fastify'
import { DOCS } from '#adapters/http/document.ts'
import type { Metrics } from '#core/metrics/metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Metrics
  }
}

/** Counts the requests of a server, and serves what its process has counted. */
export const addMetrics = (app: FastifyInstance, metrics: Metrics): void => {
  app.decorate('metrics', metrics)
  metrics.watch('rabta_http_connections', {}, () => connectionsOf(app))
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const route = routeOptions.url ?? 'unknown'
    const status = `${Math.floor(reply.statusCode / 100)}xx`
    metrics.count('rabta_http_requests_total', { method, route, status })
    metrics.observe('rabta_http_request_seconds', { route }, reply.elapsedTime / 1_000)
  })
  app.get(
    '/metrics',
    { logLevel: 'warn', config: { doc: DOCS.metrics } },
    async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(await metrics.text()),
  )
}

const connectionsOf = (app: FastifyInstance): Promise<number> =>
  new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
