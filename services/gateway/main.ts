import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openSecondOpinion } from '#adapters/avsc/second-opinion.ts'
import { openPolicyFolders } from '#adapters/cedar/policy-folders.ts'
import { openCipher } from '#adapters/crypto/cipher.ts'
import { privateKeyFrom } from '#adapters/crypto/private-key.ts'
import { freeBytesAt } from '#adapters/files/disk-space.ts'
import { type OpenFrames, openFrames } from '#adapters/files/frames.ts'
import { homePaths, readFederation, readGenesisDigest, readSecret } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { listen } from '#adapters/http/server.ts'
import { openServerTls } from '#adapters/http/server-tls.ts'
import { openTokens, tokenVerifier } from '#adapters/jwt/tokens.ts'
import { openKafka } from '#adapters/kafka/open-kafka.ts'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import { alarmLogger } from '#adapters/pino/logger.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { watchProcess } from '#adapters/process/process-metrics.ts'
import { reloading, runService } from '#adapters/process/run-service.ts'
import { openRedis } from '#adapters/redis/open-redis.ts'
import { openSqliteAcknowledgementStore } from '#adapters/sqlite/acknowledgement-store.ts'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openAccessLog } from '#core/access-log.ts'
import { AcknowledgementView } from '#core/acknowledgement-view.ts'
import type { AlertName } from '#core/alert.ts'
import { AlertView } from '#core/alert-view.ts'
import { type CatchingUp, caughtUpAloud, sumOf } from '#core/catching-up.ts'
import { DeadLetterView } from '#core/dead-letter-view.ts'
import { DiskWatch } from '#core/disk-watch.ts'
import { DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from '#core/gateway-settings.ts'
import type { GuardSettings } from '#core/guard-settings.ts'
import { IntakeView } from '#core/intake-view.ts'
import { LIMITS } from '#core/limits.ts'
import { meteredAccessLog } from '#core/metrics/metered.ts'
import type { Guard } from '#core/ports/guard.ts'
import type { Tokens } from '#core/ports/tokens.ts'
import { REALMS, type Realm } from '#core/realm.ts'
import { RouterLag } from '#core/router-lag.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { openSharedGuard } from '#core/shared-guard.ts'
import { TopicFollowers } from '#core/topic-followers.ts'
import { alertTopics, deadLetterTopic, intakeTopic, intakeTopics } from '#core/topics.ts'
import { buildGateway } from '#services/gateway/app.ts'
import { configFrom, readEnv } from '#services/gateway/config.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DueAlerts } from '#services/gateway/due-alerts.ts'
import { TokenKeyUnusable, tokenKeyFault } from '#services/gateway/token-key.ts'
import { Told } from '#services/gateway/told.ts'
import { watchGateway } from '#services/gateway/watch.ts'

export interface OpenGateway extends CatchingUp {
  readonly deps: GatewayDeps
  /** Resolves when the views have applied all that was in the topics at start. */
  caughtUp(): Promise<void>
  /** Reads the seal keys and the key for tokens again; rejects, with the old ones in use, when the
   * new ones are no good. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** Opens all that a gateway works with, over `parts`, and begins to follow the topics. `shared`: a
 * reader of frames that another service of the process has, too. */
export const openGateway = async (
  home: string,
  parts: ServiceParts,
  settings: GatewaySettings = DEFAULT_GATEWAY_SETTINGS,
  shared?: OpenFrames,
): Promise<OpenGateway> => {
  const { log, clock, sha256, random, directory, verify, onAlarm, wrap, metrics } = parts
  const paths = homePaths(home)
  const { issuer } = await readFederation(home)
  const onFault = (why: string): void => onAlarm({ what: 'policy-fault', why })
  const policies = await openPolicyFolders(
    settings.policyFolders,
    () => directory.state.policyDigest,
    onFault,
  )
  const reader = shared ?? (await openFrames(paths.seal, sha256))
  const { frames } = reader
  const views = paths.views('gateway')
  mkdirSync(views, { recursive: true })
  const view = (name: string) => ({
    path: join(views, name),
    onReset: (why: string) => onAlarm({ what: 'view-reset', why: `${name}: ${why}` }),
  })
  const disk = new DiskWatch({
    freeBytes: () => freeBytesAt(paths.data),
    freeBytesMin: settings.diskFreeBytesMin,
    clock,
    onAlarm,
  })
  const store = wrap('gateway-intake', openSqliteIntakeStore(view('intake.db')))
  const index = wrap('alert-index', openSqliteAlertIndex(view('alerts.db')))
  const acknowledgements = wrap(
    'acknowledgements',
    openSqliteAcknowledgementStore(view('acknowledged.db')),
  )
  const checks = { frames, directory, verify, onAlarm }
  const followed = REALMS.flatMap(alertTopics)
  const intake = new IntakeView(REALMS.flatMap(intakeTopics), { ...checks, store })
  const onTrouble = (topic: string, { message }: Error) => {
    onAlarm({ what: 'topic-stalled', topic, why: message })
  }
  const following = { log, clock, onTrouble }
  const routerLag = new RouterLag()
  const onCome = (realm: Realm, name: AlertName) => routerLag.cameOut(realm, name)
  const intakeFollowers = new TopicFollowers(intake, following)
  const alertView = new AlertView(followed, { ...checks, index, onCome })
  const alertFollowers = new TopicFollowers(alertView, following)
  const letters = new DeadLetterView(REALMS.map(deadLetterTopic), {
    store,
    log,
    intake: intakeFollowers,
    home: (realm, origin) => {
      const home = directory.state.agencies.get(origin)?.home
      return home === undefined ? null : intakeTopic(realm, home)
    },
    onAlarm,
    onCome,
  })
  const acknowledged = new AcknowledgementView(acknowledgements)
  const acknowledgementFollowers = new TopicFollowers(acknowledged, following)
  const letterFollowers = new TopicFollowers(letters, following)
  const tokens = await openTokenKey(home, parts)
  const guard = wrap('guard', await openGuard(settings.guard, parts))
  const tokenUrl = `${issuer}/v1/token`
  const deps: GatewayDeps = {
    log,
    accessLog: meteredAccessLog(
      openAccessLog({ log, clock, random, sha256, service: 'GATEWAY' }),
      metrics,
    ),
    directory,
    policy: policies.policy,
    policyFiles: policies.files,
    intake,
    intakeFollowers,
    index,
    alertTopics: followed,
    alertFollowers,
    routerLag,
    told: new Told(LIMITS.recallsToldMax),
    acknowledgements,
    acknowledgementFollowers,
    due: new DueAlerts({ index, acknowledgements, clock, acknowledgeMs: settings.acknowledgeMs }),
    reminded: new Told(LIMITS.remindersToldMax),
    seal: frames.seal,
    frames,
    cursors: openCipher(await readSecret(paths.cursorKey)),
    tokens: tokens.issuing,
    tokenVerifier: tokenVerifier({ issuer, audience: issuer, tokenUrl }),
    guard,
    rates: settings.rates,
    isBehindProxy: settings.isBehindProxy,
    disk,
    secondOpinion: openSecondOpinion(),
    verify,
    sha256,
    random,
    clock,
    onAlarm,
    metrics,
  }
  watchGateway(deps, { intake, alerts: alertView, letters, letterFollowers, acknowledged })
  await disk.start()
  const followers = [intakeFollowers, letterFollowers, alertFollowers, acknowledgementFollowers]
  for (const one of followers) one.start()
  return {
    deps,
    caughtUp: async () => {
      await Promise.all(followers.map((one) => one.caughtUp()))
    },
    progress: async () => sumOf(await Promise.all(followers.map((one) => one.progress()))),
    reload: async () => {
      await reader.reload()
      await tokens.reload()
    },
    close: async () => {
      await Promise.all([disk.stop(), ...followers.map((one) => one.stop())])
      await guard.close()
      index.close()
      acknowledgements.close()
      store.close()
    },
  }
}

/** Tokens under the key in the home, which can be another after a reload. */
const openTokenKey = async (home: string, { random, directory, clock }: ServiceParts) => {
  const { issuer } = await readFederation(home)
  const read = async () => {
    const { keyObject: privateKey, keyId } = privateKeyFrom(
      await readKeyFile(homePaths(home).tokenKey),
    )
    return { keyId, tokens: openTokens({ privateKey, keyId, issuer, audience: issuer, random }) }
  }
  let { tokens } = await read()
  const issuing: Tokens = { issue: (...asked) => tokens.issue(...asked) }
  const reload = async (): Promise<void> => {
    const next = await read()
    const why = tokenKeyFault(directory.state.keys.get(next.keyId), clock.nowMs())
    if (why !== null) throw new TokenKeyUnusable(`hub/token-signing.pem is ${why}`)
    tokens = next.tokens
  }
  return { issuing, reload }
}

/** A guard of this process; over Redis, where several gateways share one. */
const openGuard = async (
  settings: GuardSettings | null,
  { clock, onAlarm }: Pick<ServiceParts, 'clock' | 'onAlarm'>,
): Promise<Guard> => {
  const local = openMemoryGuard({ clock })
  if (settings === null) return local
  const store = await openRedis(settings)
  const { gateways: processes, answerMsMax } = settings
  return openSharedGuard({ store, local, processes, answerMsMax, clock, onAlarm })
}

if (import.meta.main) {
  const config = () => configFrom(readEnv())
  await runService({
    name: 'gateway',
    check: async () => {
      await readGenesisDigest(config().home)
    },
    open: async (say) => {
      await using opening = new AsyncDisposableStack()
      const { home, kafka, listen: address, tls: files = null, gateway: settings } = config()
      const tls = files && (await openServerTls(files))
      const onAlarm = alarmLogger(process.stderr, 'gateway')
      const log = await openKafka(kafka, { clientId: 'rabta-gateway', onAlarm })
      opening.defer(() => log.close())
      const options = await partsOptions(home, log, onAlarm)
      // The audit service begins the directory, alone: repeats of it would alarm for ever.
      const parts = await startParts({ ...options, directorySeed: [] })
      opening.defer(() => parts.directory.stop())
      opening.defer(watchProcess(parts.metrics))
      const gateway = await openGateway(home, parts, settings)
      opening.defer(() => gateway.close())
      const app = buildGateway(gateway.deps, process.stderr, tls)
      opening.defer(async () => {
        await app.close()
      })
      await caughtUpAloud(gateway, parts.clock, say)
      const url = await listen(app, address)
      const opened = opening.move()
      return { url, ...reloading(tls, gateway), close: () => opened.disposeAsync() }
    },
  })
}
