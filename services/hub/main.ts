import { mkdirSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { openFrames } from '#adapters/files/frames.ts'
import { checkNotRestoring, homePaths, readGenesisDigest } from '#adapters/files/home.ts'
import { createServer, type LogDestination, listen } from '#adapters/http/server.ts'
import { openServerTls } from '#adapters/http/server-tls.ts'
import { alarmLogger } from '#adapters/pino/logger.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { watchProcess } from '#adapters/process/process-metrics.ts'
import { type RunningService, reloading, runService } from '#adapters/process/run-service.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import { caughtUpAloud } from '#core/catching-up.ts'
import { type ServiceParts, startParts, UNWRAPPED, type WrapStore } from '#core/service-parts.ts'
import { auditReadiness, auditRoutes } from '#services/audit/app.ts'
import { type OpenAudit, openAudit } from '#services/audit/main.ts'
import { gatewayReadiness, gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { configFrom, type HubConfig, readEnv } from '#services/hub/config.ts'
import { routerReadiness } from '#services/router/app.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'

export interface OpenHub extends RunningService {
  readonly app: FastifyInstance
  readonly parts: ServiceParts
  readonly gateway: OpenGateway
  readonly router: OpenRouter
  readonly audit: OpenAudit
}

export interface HubOptions {
  readonly logTo: LogDestination | null
  readonly onAlarm: OnAlarm
  /** Told now and then of a start that takes long. */
  readonly say?: (text: string) => void
  /** For tests that crash or fail between two writes. */
  readonly wrap?: WrapStore
}

/** Gateway, router and audit in one process on embedded adapters. Closed in the reverse order. */
export const openHub = async (
  { home, listen: address, tls: files = null, gateway: settings }: HubConfig,
  { logTo, onAlarm, say = () => undefined, wrap = UNWRAPPED }: HubOptions,
): Promise<OpenHub> => {
  await using opening = new AsyncDisposableStack()
  const tls = files && (await openServerTls(files))
  const paths = homePaths(home)
  checkNotRestoring(home)
  mkdirSync(paths.data, { recursive: true })
  const log = wrap('log', openSqliteLog({ path: paths.logDatabase }))
  opening.defer(() => log.close())
  const parts = await startParts({ ...(await partsOptions(home, log, onAlarm)), wrap })
  opening.defer(() => parts.directory.stop())
  opening.defer(watchProcess(parts.metrics))
  const audit = await openAudit(home, parts, { policyFolders: settings?.policyFolders ?? [] })
  opening.defer(() => audit.close())
  // What the gateway has read of a frame, the router need not read again.
  const frames = await openFrames(paths.seal, parts.sha256)
  const gateway = await openGateway(home, parts, settings, frames)
  opening.defer(() => gateway.close())
  const router = await openRouter(home, parts, frames)
  opening.defer(() => router.close())
  const readiness = [
    ...gatewayReadiness(gateway.deps),
    ...routerReadiness(router.followers),
    ...auditReadiness(audit.deps),
  ]
  const app = createServer({ logTo, tls, readiness, metrics: parts.metrics })
  gatewayRoutes(app, gateway.deps)
  auditRoutes(app, audit.deps)
  opening.defer(async () => {
    await app.close()
  })
  await caughtUpAloud(gateway, parts.clock, say)
  const url = await listen(app, address)
  const opened = opening.move()
  const close = () => opened.disposeAsync()
  return { app, parts, gateway, router, audit, url, ...reloading(tls, gateway), close }
}

if (import.meta.main) {
  const config = () => configFrom(readEnv())
  await runService({
    name: 'hub',
    check: async () => {
      await readGenesisDigest(config().home)
    },
    open: (say) => {
      const onAlarm = alarmLogger(process.stderr, 'hub')
      return openHub(config(), { logTo: process.stderr, onAlarm, say })
    },
  })
}
