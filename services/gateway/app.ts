import type { FastifyInstance } from 'fastify'
import { createServer, type LogDestination, type Readiness } from '#adapters/http/server.ts'
import type { ServerTls } from '#adapters/http/server-tls.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { acknowledgementRoute } from '#services/gateway/routes/acknowledgement.ts'
import { alertRoutes } from '#services/gateway/routes/alert.ts'
import { directoryRoutes } from '#services/gateway/routes/directory.ts'
import { exportRoute } from '#services/gateway/routes/export.ts'
import { feedRoute } from '#services/gateway/routes/feed.ts'
import { feedStreamRoute } from '#services/gateway/routes/feed-stream.ts'
import { previewRoute } from '#services/gateway/routes/preview.ts'
import { publicRoutes } from '#services/gateway/routes/public.ts'
import { publishRoute } from '#services/gateway/routes/publish.ts'
import { tokenRoute } from '#services/gateway/routes/token.ts'
import { sealKeysTrouble } from '#services/gateway/seal-keys.ts'

export const buildGateway = (
  deps: GatewayDeps,
  logTo: LogDestination | null,
  tls: ServerTls | null = null,
): FastifyInstance => {
  const app = createServer({
    logTo,
    tls,
    readiness: gatewayReadiness(deps),
    metrics: deps.metrics,
  })
  gatewayRoutes(app, deps)
  return app
}

export const gatewayRoutes = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.addContentTypeParser(SIGNED_ALERT_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: LIMITS.tokenRequestBytesMax },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    },
  )
  tokenRoute(app, deps)
  publishRoute(app, deps)
  alertRoutes(app, deps)
  acknowledgementRoute(app, deps)
  exportRoute(app, deps)
  feedRoute(app, deps)
  feedStreamRoute(app, deps)
  previewRoute(app, deps)
  directoryRoutes(app, deps)
  publicRoutes(app, deps)
}

export const gatewayReadiness = (deps: GatewayDeps): readonly Readiness[] => [
  {
    name: 'directory',
    check: async () => {
      if (deps.directory.failure !== null) return deps.directory.failure.message
      return deps.directory.isFresh() ? null : 'stale'
    },
  },
  { name: 'intake', check: async () => firstTrouble(deps.intakeFollowers.trouble()) },
  { name: 'alert-index', check: async () => firstTrouble(deps.alertFollowers.trouble()) },
  {
    name: 'acknowledgements',
    // Who was to be reminded of an alert is given the alert all the same.
    isDispensable: true,
    check: async () => firstTrouble(deps.acknowledgementFollowers.trouble()),
  },
  {
    name: 'guard',
    // A load balancer that took away every gateway because one Redis is gone would do what the
    // guard's own share of the limits is there to prevent.
    isDispensable: true,
    check: async () => (deps.guard.state() === 'working' ? null : 'degraded'),
  },
  {
    name: 'disk',
    // Readers are still served, and a retry elsewhere would fill the next disk.
    isDispensable: true,
    check: async () => (deps.disk.isLow ? 'low' : null),
  },
  // A warning: until they have run out, all goes on.
  { name: 'seal-keys', isDispensable: true, check: async () => sealKeysTrouble(deps) },
]

const firstTrouble = (trouble: ReadonlyMap<string, string>): string | null => {
  const [first] = trouble
  return first === undefined ? null : first.join(': ')
}
