import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type OpenFrames, openFrames } from '#adapters/files/frames.ts'
import { homePaths, readGenesisDigest } from '#adapters/files/home.ts'
import { listen } from '#adapters/http/server.ts'
import { openServerTls } from '#adapters/http/server-tls.ts'
import { openKafka } from '#adapters/kafka/open-kafka.ts'
import { alarmLogger } from '#adapters/pino/logger.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { watchProcess } from '#adapters/process/process-metrics.ts'
import { reloading, runService } from '#adapters/process/run-service.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openAccessLog } from '#core/access-log.ts'
import { IntakeView } from '#core/intake-view.ts'
import { meteredAccessLog, watchFollower } from '#core/metrics/metered.ts'
import { REALMS } from '#core/realm.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { TopicFollowers } from '#core/topic-followers.ts'
import { intakeTopics } from '#core/topics.ts'
import { buildRouter } from '#services/router/app.ts'
import { configFrom, readEnv } from '#services/router/config.ts'
import { Horizons } from '#services/router/lateness.ts'
import { FrameRouter } from '#services/router/route-frames.ts'

export interface OpenRouter {
  readonly followers: TopicFollowers
  readonly horizons: Horizons
  /** Reads the seal keys again. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** Opens a router over `parts` and begins to follow the intake topics of both realms. `shared`: a
 * reader of frames that another service of the process has, too. */
export const openRouter = async (
  home: string,
  parts: ServiceParts,
  shared?: OpenFrames,
): Promise<OpenRouter> => {
  const { log, clock, sha256, random, directory, verify, onAlarm, wrap, metrics } = parts
  const paths = homePaths(home)
  const reader = shared ?? (await openFrames(paths.seal, sha256))
  const { frames } = reader
  const views = paths.views('router')
  mkdirSync(views, { recursive: true })
  const intakeDatabase = openSqliteIntakeStore({
    path: join(views, 'intake.db'),
    onReset: (why) => onAlarm({ what: 'view-reset', why: `router intake: ${why}` }),
  })
  const store = wrap('router-intake', intakeDatabase)
  const topics = REALMS.flatMap(intakeTopics)
  const intake = new IntakeView(topics, { frames, directory, verify, onAlarm, store })
  const records = openAccessLog({ log, clock, random, sha256, service: 'ROUTER' })
  const accessLog = meteredAccessLog(records, metrics)
  const horizons = new Horizons({ log, directory, clock })
  const router = new FrameRouter({
    log,
    accessLog,
    directory,
    intake,
    horizons,
    sha256,
    random,
    onAlarm,
  })
  const followers = new TopicFollowers(router, {
    log,
    clock,
    onTrouble: (topic, { message }) => onAlarm({ what: 'topic-stalled', topic, why: message }),
  })
  const trouble = () => followers.trouble()
  watchFollower(metrics, 'routing', { log, view: router, trouble })
  const stopping = new AbortController()
  const keeping = horizons.keep(stopping.signal)
  followers.start()
  return {
    followers,
    horizons,
    reload: () => reader.reload(),
    close: async () => {
      stopping.abort()
      await keeping
      await followers.stop()
      store.close()
    },
  }
}

if (import.meta.main) {
  const config = () => configFrom(readEnv())
  await runService({
    name: 'router',
    check: async () => {
      await readGenesisDigest(config().home)
    },
    open: async () => {
      await using opening = new AsyncDisposableStack()
      const { home, kafka, listen: address, tls: files = null } = config()
      const tls = files && (await openServerTls(files))
      const onAlarm = alarmLogger(process.stderr, 'router')
      const log = await openKafka(kafka, { clientId: 'rabta-router', onAlarm })
      opening.defer(() => log.close())
      const options = await partsOptions(home, log, onAlarm)
      // The audit service begins the directory, alone: repeats of it would alarm for ever.
      const parts = await startParts({ ...options, directorySeed: [] })
      opening.defer(() => parts.directory.stop())
      opening.defer(watchProcess(parts.metrics))
      const router = await openRouter(home, parts)
      opening.defer(() => router.close())
      const app = buildRouter({ ...parts, ...router }, process.stderr, tls)
      opening.defer(async () => {
        await app.close()
      })
      const url = await listen(app, address)
      const opened = opening.move()
      return { url, ...reloading(tls, router), close: () => opened.disposeAsync() }
    },
  })
}
