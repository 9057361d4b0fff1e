import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { LedgerClient, READER } from '#tests/faults/client.ts'
import { type Counts, count } from '#tests/faults/count.ts'
import { FaultyHub } from '#tests/faults/faulty-hub.ts'
import {
  type Bug,
  CALLS,
  FAULTS,
  type FaultPlan,
  WRITES,
  type WriteName,
} from '#tests/faults/gaps.ts'
import { readHome } from '#tests/faults/home-ledger.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

/**
 * A hub that dies, or whose write fails, in each gap between two writes; then what its clients
 * wrote down is held against what the log holds, by a reader that shares no code with the hub.
 */
/** More than the views take to commit, less than the frames of the bug. */
const ROWS_COMMITTED_MS = 1_000
/** More than the bug remembers. */
const FORGOTTEN_MS = 1_000
const FAULT_MS_MAX = 60_000
const CLEAN = { lost: [], doubled: [], releasedWithoutRecord: [], unrecorded: [] }
const WRITE_NAMES = Object.keys(WRITES) as readonly WriteName[]

let running: FaultyHub | null = null
afterEach(async () => {
  await running?.kill()
})

const start = async (home: TemporaryHome, client: LedgerClient, plan: FaultPlan | null) => {
  const hub = await FaultyHub.start(home.home, plan)
  running = hub
  if (hub !== null) client.url = hub.url
  return hub
}

/** As a supervisor does. */
const startAgain = async (home: TemporaryHome, client: LedgerClient): Promise<FaultyHub> => {
  const hub = await start(home, client, null)
  if (hub === null) throw new Error('the hub does not start again')
  return hub
}

const countOf = (client: LedgerClient, home: TemporaryHome): Counts =>
  count(client, readHome(join(home.home, 'data', 'log.db')), READER)

describe('after a crash or a failed write in each gap nothing is lost, doubled or off the record', () => {
  let home: TemporaryHome
  let client: LedgerClient

  beforeAll(async () => {
    home = await makeTemporaryHome()
    client = new LedgerClient(home)
  })
  afterAll(() => home.remove())

  const cases = WRITE_NAMES.flatMap((write) =>
    (CALLS[write] ?? [1]).flatMap((call) => FAULTS.map((fault) => ({ write, call, fault }))),
  )

  /** Once at least. */
  const trafficUntil = async (isEnough: () => boolean): Promise<void> => {
    const deadlineMs = performance.now() + FAULT_MS_MAX
    do {
      await client.traffic()
      if (isEnough()) return
      // Checkpoints, for one, come by the clock, and not by how much there is to cover.
      await new Promise((resolve) => setTimeout(resolve, 50))
    } while (performance.now() < deadlineMs)
    throw new Error(`the planned fault did not come:\n${running?.said.join('\n')}`)
  }

  /** Everybody's traffic with the fault in its midst, or before it when it comes at the start. */
  const playThrough = async (plan: FaultPlan): Promise<FaultyHub> => {
    const hub = await start(home, client, plan)
    if (hub === null) {
      const again = await startAgain(home, client)
      await client.traffic()
      return again
    }
    let hasFired = false
    const traffic = trafficUntil(() => hasFired)
    await Promise.race([hub.fired(), traffic])
    hasFired = true
    const isDead = plan.fault.startsWith('kill')
    if (isDead) await hub.exited()
    const alive = isDead ? await startAgain(home, client) : hub
    await traffic
    return alive
  }

  test.each(cases)(
    '$write, call $call, $fault',
    async ({ write, call, fault }) => {
      const before = client.acknowledged.size
      const hub = await playThrough({ write, fault, call, bug: null })
      await client.readOn()
      await hub.stop()
      const { acknowledged, ...wrong } = countOf(client, home)
      expect(wrong).toEqual(CLEAN)
      expect(acknowledged).toBeGreaterThan(before)
      const { problems } = await fsckHome(home.home, { kafka: null, io: null })
      expect(problems).toEqual([])
    },
    180_000,
  )
})

describe('the same counts find a bug that is put in', () => {
  let home: TemporaryHome
  let client: LedgerClient

  beforeAll(async () => {
    home = await makeTemporaryHome()
    client = new LedgerClient(home, 5_000)
  })
  afterAll(() => home.remove())

  const plan = (bug: Bug): FaultPlan => ({ write: null, fault: 'kill-behind', call: 1, bug })

  test('a record that follows the bytes', async () => {
    const hub = await start(home, client, plan('record-after-release'))
    await client.traffic()
    await client.readOn()
    await hub?.kill()
    expect(countOf(client, home).releasedWithoutRecord).not.toEqual([])
  }, 180_000)

  test('two writes in the wrong order, and a crash between them', async () => {
    const hub = await start(home, client, plan('rows-before-frames'))
    await client.burst(4)
    await new Promise((resolve) => setTimeout(resolve, ROWS_COMMITTED_MS))
    await hub?.kill()
    const again = await startAgain(home, client)
    // What is lost is waited for in vain.
    await client.readOn()
    await again.stop()
    expect(countOf(client, home).lost).not.toEqual([])
  }, 180_000)

  test('ids that are forgotten', async () => {
    const hub = await start(home, client, plan('ids-forgotten'))
    await client.traffic()
    const [name = ''] = [...client.acknowledged.keys()].slice(-1)
    await new Promise((resolve) => setTimeout(resolve, FORGOTTEN_MS))
    await client.publishAnotherUnder(name)
    await hub?.stop()
    expect(countOf(client, home).doubled).toEqual([name])
  }, 180_000)
})

test('the reader that counts imports nothing of the hub', () => {
  for (const file of ['home-ledger', 'count']) {
    const text = readFileSync(`tests/faults/${file}.ts`, 'utf8')
    const imports = [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? '')
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter((one) => /^#(?!tests\/faults\/)/.test(one))).toEqual([])
  }
})
