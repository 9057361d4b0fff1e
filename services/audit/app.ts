import type { FastifyInstance } from 'fastify'
import { createServer, type LogDestination, type Readiness } from '#adapters/http/server.ts'
import type { ServerTls } from '#adapters/http/server-tls.ts'
import { catchingUpText } from '#core/catching-up.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { proveLeaf } from '#services/audit/prove-leaf.ts'
import { readLeaf } from '#services/audit/read-records.ts'
import { alertAccessRoute } from '#services/audit/routes/alert-access.ts'
import { logRoutes } from '#services/audit/routes/log.ts'
import { recordRoutes } from '#services/audit/routes/record.ts'
import { recordsRoute } from '#services/audit/routes/records.ts'

export const buildAudit = (
  deps: AuditDeps,
  logTo: LogDestination | null,
  tls: ServerTls | null = null,
): FastifyInstance => {
  const { directory } = deps
  const check = async (): Promise<string | null> =>
    directory.failure?.message ?? (directory.isFresh() ? null : 'stale')
  const readiness = [{ name: 'directory', check }, ...auditReadiness(deps)]
  const app = createServer({ logTo, tls, readiness, metrics: deps.metrics })
  auditRoutes(app, deps)
  return app
}

export const auditRoutes = (app: FastifyInstance, deps: AuditDeps): void => {
  logRoutes(app, deps)
  recordsRoute(app, deps)
  recordRoutes(app, deps)
  alertAccessRoute(app, deps)
}

export const auditReadiness = (deps: AuditDeps): readonly Readiness[] => [
  { name: 'access-log', check: () => logFault(deps) },
  { name: 'record-index', check: async () => firstTrouble(deps.recordFollowers.trouble()) },
  {
    name: 'record-search',
    // What is asked for by its index or proven is there at once; a search ends before the rest.
    isDispensable: true,
    check: async () => catchingUpText(await deps.recordFollowers.progress()),
  },
  { name: 'intake-comparison', check: async () => firstTrouble(deps.comparison.trouble()) },
]

/** Follows the newest record through all of it: read, integrated, signed, proven, verified. */
const logFault = async (deps: AuditDeps): Promise<string | null> => {
  const { failure, trouble } = deps.keeper
  if (failure !== null) return `${failure.name}: ${failure.message}`
  if (trouble !== null) return `${trouble.name}: ${trouble.message}`
  if (deps.published.current === null) return 'starting'
  const head = await deps.log.head(ACCESS_TOPIC)
  const newest = head === 0 ? null : await readLeaf(deps.log, head - 1)
  const proven = newest && (await proveLeaf(deps, newest))
  return proven === null || proven.ok ? null : proven.refusal.code
}

const firstTrouble = (trouble: ReadonlyMap<string, string>): string | null => {
  const [first] = trouble
  return first === undefined ? null : first.join(': ')
}
