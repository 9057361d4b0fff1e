import { setTimeout } from 'node:timers/promises'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths } from '#adapters/files/home.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import type { BenchHub } from '#bench/hub.ts'
import type { Check } from '#bench/measure.ts'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { seededDirectory } from '#clients/cli/seeded-directory.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import { equalBytes } from '#core/bytes.ts'
import type { PrincipalId } from '#core/principal.ts'
import { readRange } from '#core/read-range.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/** A record as whoever caused it was given it. */
export interface GivenRecord {
  readonly index: number
  readonly bytes: Uint8Array
  readonly principal: PrincipalId
  readonly action: AccessRecord['action']
  readonly origin: string
  readonly id: string
}

/** Stops the hub, and holds what it gave, and all that it stored, against its log. */
export const checkLog = async (
  hub: BenchHub,
  given: readonly GivenRecord[],
): Promise<readonly Check[]> => {
  const { home } = hub.home
  await untilCovered(hub)
  await hub.stop()
  return checkStored(home, given)
}

/** Holds what was given, and all that is stored, against the log of a home that nobody writes to. */
export const checkStored = async (
  home: string,
  given: readonly GivenRecord[],
): Promise<readonly Check[]> => {
  const entries = await entriesOf(home)
  const found = given.filter((record) => isThere(record, entries[record.index]))
  const places = new Set(given.map(({ index }) => index))
  const { size, problems } = await fsckHome(home, { kafka: null, io: null })
  return [
    check('every record that was given is in the log', found.length, given.length),
    check('each has a place of its own', places.size, given.length),
    check('the checkpoint covers every entry', size, entries.length),
    check('problems that fsck finds', problems.length, 0),
  ]
}

const COVERED_MS_MAX = 5_000

/** A hub that stops does not sign once more: what came in its last second is covered later. */
const untilCovered = async (hub: BenchHub): Promise<void> => {
  const log = openSqliteLog({ path: homePaths(hub.home.home).logDatabase, readOnly: true })
  const head = await log.head(ACCESS_TOPIC)
  await log.close()
  const deadlineMs = performance.now() + COVERED_MS_MAX
  while (performance.now() < deadlineMs) {
    const path = '/v1/access-log/checkpoint'
    const answer = await hub.connections.call({ method: 'GET', path, headers: {} })
    // The second line of a checkpoint is the size (C2SP tlog-checkpoint).
    if (Number(answer.body.toString().split('\n')[1]) >= head) return
    await setTimeout(50)
  }
}

const entriesOf = async (home: string): Promise<readonly Uint8Array[]> => {
  const log = openSqliteLog({ path: homePaths(home).logDatabase, readOnly: true })
  try {
    const head = await log.head(ACCESS_TOPIC)
    const values: Uint8Array[] = []
    for await (const entries of readRange(log, ACCESS_TOPIC, { from: 0, to: head })) {
      for (const { value } of entries) values.push(value)
    }
    return values
  } finally {
    await log.close()
  }
}

export const check = (what: string, found: number, wanted: number): Check => ({
  what,
  isGood: found === wanted,
  found: found === wanted ? `${found}` : `${found} instead of ${wanted}`,
})

const isThere = (given: GivenRecord, stored: Uint8Array | undefined): boolean => {
  if (stored === undefined || !equalBytes(stored, given.bytes)) return false
  const record = decodeAccessRecord(stored)
  return (
    record?.outcome === 'ALLOWED' &&
    record.action === given.action &&
    record.principal === given.principal &&
    record.alert?.origin === given.origin &&
    record.alert.id === given.id
  )
}

const SAMPLE = 32

/** Asks the hub for the proofs of some records, as their principals may, and verifies them. */
export const checkSample = async (hub: BenchHub, given: readonly GivenRecord[]): Promise<Check> => {
  const verifierKey = (await seededDirectory(hub.home.home)).logVerifierKey ?? ''
  const sample = Array.from({ length: Math.min(SAMPLE, given.length) }, () =>
    given.at(Math.floor(Math.random() * given.length)),
  )
  let proven = 0
  for (const record of sample.filter((one) => one !== undefined)) {
    const path = `/v1/access-log/records/${record.index}/proof`
    const headers = { accept: 'text/plain' }
    const answer = await hub.call(record.principal, { method: 'GET', path, headers })
    const receipt = { text: answer.body.toString(), record: record.bytes, verifierKey }
    const verified = await verifyReceipt(receipt, { sha256, verify: verifySignature })
    if (verified.ok && verified.index === record.index) proven += 1
  }
  return check('records of a random sample are proven', proven, sample.length)
}
