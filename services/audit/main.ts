import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPolicyFolders } from '#adapters/cedar/policy-folders.ts'
import { hmacSha256 } from '#adapters/crypto/hmac.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths, readFederation, readGenesisDigest, readSecret } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { openFileTileStore } from '#adapters/files/tile-store.ts'
import { listen } from '#adapters/http/server.ts'
import { openServerTls } from '#adapters/http/server-tls.ts'
import { tokenVerifier } from '#adapters/jwt/tokens.ts'
import { openKafka } from '#adapters/kafka/open-kafka.ts'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import { alarmLogger } from '#adapters/pino/logger.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { watchProcess } from '#adapters/process/process-metrics.ts'
import { reloading, runService } from '#adapters/process/run-service.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import { openAccessLog } from '#core/access-log.ts'
import { formerLogsOf } from '#core/log-trust.ts'
import { meteredAccessLog, watchFollower } from '#core/metrics/metered.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { TopicFollowers } from '#core/topic-followers.ts'
import { buildAudit } from '#services/audit/app.ts'
import { IntakeComparison } from '#services/audit/compare-intake.ts'
import {
  type AuditSettings,
  configFrom,
  DEFAULT_SETTINGS,
  readEnv,
} from '#services/audit/config.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { logKeyFault, logTrustFrom } from '#services/audit/log-key.ts'
import { Published } from '#services/audit/published.ts'
import { RecordView } from '#services/audit/record-view.ts'
import { TreeKeeper } from '#services/audit/tree-keeper.ts'
import { watchTree } from '#services/audit/watch.ts'

export interface OpenAudit {
  readonly deps: AuditDeps
  /** Resolves when all that was in the topics at the call is published, indexed and compared. */
  caughtUp(): Promise<void>
  close(): Promise<void>
}

/** Opens all that an audit service works with, over `parts`, and begins to follow the topics.
 * Rejects when the log that is there is not the one that was signed. */
export const openAudit = async (
  home: string,
  parts: ServiceParts,
  {
    settings = DEFAULT_SETTINGS,
    policyFolders = [],
  }: { readonly settings?: AuditSettings; readonly policyFolders?: readonly string[] } = {},
): Promise<OpenAudit> => {
  await using opening = new AsyncDisposableStack()
  const { log, clock, sha256, random, directory, onAlarm, metrics } = parts
  const paths = homePaths(home)
  const { issuer } = await readFederation(home)
  const searchKey = await readSecret(paths.searchKey)
  const onFault = (why: string): void => onAlarm({ what: 'policy-fault', why })
  const { policy } = await openPolicyFolders(
    policyFolders,
    () => directory.state.policyDigest,
    onFault,
  )
  const tree = await openTree(home, parts, settings)
  opening.defer(() => tree.keeper.finish())
  const views = openViews(home, parts)
  opening.defer(() => views.close())
  const guard = openMemoryGuard({ clock })
  opening.defer(() => guard.close())
  const { keeper } = tree
  const { recordFollowers, comparison } = views
  const deps: AuditDeps = {
    ...tree,
    ...views,
    log,
    accessLog: meteredAccessLog(
      openAccessLog({ log, clock, random, sha256, service: 'AUDIT' }),
      metrics,
    ),
    directory,
    policy,
    tokenVerifier: tokenVerifier({ issuer, audience: issuer, tokenUrl: `${issuer}/v1/token` }),
    guard,
    sha256,
    searchTerms: (filter) => hmacSha256(searchKey, filter),
    clock,
    onAlarm,
    metrics,
  }
  watchTree(deps)
  const opened = opening.move()
  return {
    deps,
    caughtUp: async () => {
      await Promise.all([keeper.caughtUp(), recordFollowers.caughtUp(), comparison.caughtUp()])
    },
    close: () => opened.disposeAsync(),
  }
}

/** The tree over the access log, restored and going on. */
const openTree = async (home: string, parts: ServiceParts, settings: AuditSettings) => {
  const { log, clock, sha256, directory, verify, onAlarm, wrap } = parts
  const paths = homePaths(home)
  const { logName } = await readFederation(home)
  const signer = openSigner(await readKeyFile(paths.logKey))
  const trust = logTrustFrom({ logName, signer, directory: directory.state, verify, sha256 })
  const files = settings.savedCheckpointFiles
  const savedCheckpoints = await Promise.all(files.map((file) => readFile(file)))
  const tiles = wrap('tiles', await openFileTileStore(paths.tiles))
  const published = new Published()
  const keeper = new TreeKeeper({
    log,
    tiles,
    published,
    signer,
    trust,
    sha256,
    clock,
    checkpointEveryMs: settings.checkpointEveryMs,
    savedCheckpoints,
    formerKeys: formerLogsOf(directory.state, sha256),
    keyFault: () => logKeyFault(directory.state, trust.log),
    onAlarm,
    onProgress: (done, size) => onAlarm({ what: 'tiles-rebuilt', why: `${done} of ${size}` }),
  })
  await keeper.start()
  return { tiles, published, keeper, trust }
}

/** The record index and the comparison with the intake topics, following their topics. */
const openViews = (home: string, parts: ServiceParts) => {
  const { log, clock, sha256, onAlarm, wrap, metrics } = parts
  using opening = new DisposableStack()
  const folder = join(homePaths(home).data, 'views', 'audit')
  mkdirSync(folder, { recursive: true })
  const view = (name: string) => ({
    path: join(folder, name),
    onReset: (why: string) => onAlarm({ what: 'view-reset', why: `audit ${name}: ${why}` }),
  })
  const records = wrap('record-index', openSqliteRecordIndex(view('records.db')))
  opening.defer(() => records.close())
  const store = wrap('audit-intake', openSqliteIntakeStore(view('intake.db')))
  opening.defer(() => store.close())
  const onTrouble = (topic: string, { message }: Error): void => {
    onAlarm({ what: 'topic-stalled', topic, why: message })
  }
  const following = { log, clock, onTrouble }
  const recordView = new RecordView({ log, index: records, sha256, onAlarm })
  const recordFollowers = new TopicFollowers(recordView, following)
  const comparison = new IntakeComparison({ ...following, store, sha256, onAlarm })
  const trouble = () => recordFollowers.trouble()
  watchFollower(metrics, 'records', { log, view: recordView, trouble })
  recordFollowers.start()
  comparison.start()
  const opened = opening.move()
  const close = async (): Promise<void> => {
    await Promise.all([recordFollowers.stop(), comparison.stop()])
    opened.dispose()
  }
  return { records, recordFollowers, comparison, close }
}

if (import.meta.main) {
  const config = () => configFrom(readEnv())
  await runService({
    name: 'audit',
    check: async () => {
      await readGenesisDigest(config().home)
    },
    open: async () => {
      await using opening = new AsyncDisposableStack()
      const {
        home,
        kafka,
        listen: address,
        tls: files = null,
        policyFolders,
        audit: settings,
      } = config()
      const tls = files && (await openServerTls(files))
      const onAlarm = alarmLogger(process.stderr, 'audit')
      const log = await openKafka(kafka, { clientId: 'rabta-audit', onAlarm })
      opening.defer(() => log.close())
      const parts = await startParts(await partsOptions(home, log, onAlarm))
      opening.defer(() => parts.directory.stop())
      opening.defer(watchProcess(parts.metrics))
      const audit = await openAudit(home, parts, { settings, policyFolders })
      opening.defer(() => audit.close())
      const app = buildAudit(audit.deps, process.stderr, tls)
      opening.defer(async () => {
        await app.close()
      })
      const url = await listen(app, address)
      const opened = opening.move()
      return { url, ...reloading(tls), close: () => opened.disposeAsync() }
    },
  })
}
