import { systemClock } from '#adapters/crypto/clock.ts'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { type MemoryStore, openMemoryLog } from '#adapters/memory/message-log.ts'
import { type MemoryTiles, openMemoryTileStore } from '#adapters/memory/tile-store.ts'
import type { Alarm } from '#core/alarm.ts'
import { utf8 } from '#core/bytes.ts'
import { trustIn } from '#core/log-trust.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { emptyRoot, leafHash, nodeHash } from '#core/tlog/hash.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { verifierKey } from '#core/tlog/verifier-key.ts'
import { ACCESS_TOPIC, allTopics, CHECKPOINTS_TOPIC } from '#core/topics.ts'
import { Published } from '#services/audit/published.ts'
import { TreeKeeper, type TreeKeeperDeps } from '#services/audit/tree-keeper.ts'

/** An access log's stores, which outlive the processes over them, and what stands on them. */

const { privatePem, publicKey } = generateKey('Ed25519')
const key = verifierKey(sha256, 'log.test/access', 'ed25519', publicKey.key)
if (key === null) throw new Error('no verifier key')

export const logKey = key

export const logSigner = openSigner(privatePem)
export const logTrust = trustIn(logKey, verifySignature)

export interface LogStores {
  readonly entries: MemoryStore
  readonly tiles: MemoryTiles
}

export const newStores = (): LogStores => ({
  entries: new Map(allTopics().map((topic) => [topic, []])),
  tiles: { tiles: new Map(), checkpoint: null },
})

/** So that a lone record and one behind others take the same, short time. */
const CHECKPOINT_EVERY_MS = 10

export interface Bench {
  readonly log: MessageLog
  readonly tiles: TileStore
  readonly published: Published
  readonly alarms: Alarm[]
  readonly keeper: TreeKeeper
}

/** One run of a service over the stores; `over` replaces what should behave in another way. */
export const bench = (stores: LogStores, over: Partial<TreeKeeperDeps> = {}): Bench => {
  const alarms: Alarm[] = []
  const deps: TreeKeeperDeps = {
    log: openMemoryLog(stores.entries),
    tiles: openMemoryTileStore(stores.tiles),
    published: new Published(),
    signer: logSigner,
    trust: logTrust,
    sha256,
    clock: systemClock,
    checkpointEveryMs: CHECKPOINT_EVERY_MS,
    savedCheckpoints: [],
    formerKeys: [],
    keyFault: () => null,
    onAlarm: (alarm) => alarms.push(alarm),
    onProgress: () => undefined,
    ...over,
  }
  const { log, tiles, published } = deps
  return { log, tiles, published, alarms, keeper: new TreeKeeper(deps) }
}

/** Entries `from` and on, `count` of them. */
export const leaves = (from: number, count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => utf8(`leaf ${from + at}`))

/** Puts entries into a topic as another process would. */
export const fill = (
  { entries }: LogStores,
  topic: string,
  values: readonly Uint8Array[],
): void => {
  entries.get(topic)?.push(...values)
}

/** Resolves once everything in the access topic is under a published checkpoint. */
export const integrated = async ({ log, published }: Bench): Promise<Checkpoint> => {
  const head = await log.head(ACCESS_TOPIC)
  const checkpoint = await published.covering(head - 1, systemClock, 5_000)
  if (checkpoint === null) throw new Error(`no checkpoint over ${head} entries`)
  return checkpoint
}

/** RFC 9162 §2.1.1, as it is written there: the oracle. */
export const rootOf = (values: readonly Uint8Array[]): Uint8Array => {
  const [only] = values
  if (only === undefined) return emptyRoot(sha256)
  if (values.length === 1) return leafHash(sha256, only)
  const half = 2 ** Math.floor(Math.log2(values.length - 1))
  return nodeHash(sha256, rootOf(values.slice(0, half)), rootOf(values.slice(half)))
}

export const accessEntries = ({ entries }: LogStores): readonly Uint8Array[] =>
  (entries.get(ACCESS_TOPIC) ?? []).filter((value) => value !== undefined)

/** What the topic of checkpoints says; throws when one is not signed by the log. */
export const signedCheckpoints = async ({ entries }: LogStores): Promise<readonly Checkpoint[]> => {
  const notes = (entries.get(CHECKPOINTS_TOPIC) ?? []).filter((value) => value !== undefined)
  return Promise.all(
    notes.map(async (note) => {
      const opened = await openCheckpoint(note, logTrust)
      if (!opened.ok) throw new Error(opened.why)
      return opened.checkpoint
    }),
  )
}

/** Stores of a log that has signed its entries and was then stopped. */
export const signedStores = async (entries: readonly Uint8Array[]): Promise<LogStores> => {
  const stores = newStores()
  fill(stores, ACCESS_TOPIC, entries)
  const run = bench(stores)
  await run.keeper.start()
  await integrated(run)
  await run.keeper.stop()
  return stores
}
