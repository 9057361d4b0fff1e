import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import { EXIT } from '#clients/cli/command.ts'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import type { CheckpointMemory } from '#clients/sdk/checkpoint-memory.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, signed, TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
let hub: TestHub
let backup: string

beforeEach(async () => {
  hub = await openTestHub()
  backup = `${hub.home.home}-backup`
})
afterEach(async () => {
  await hub.close()
  for (const folder of [backup, `${backup}.partial`, copyOf()]) {
    rmSync(folder, { recursive: true, force: true })
  }
  hub.home.remove()
})

const copyOf = (): string => `${hub.home.home}-restored`

const rabta = (...args: readonly string[]) => runRabta(args)

const backUp = (...options: readonly string[]) =>
  rabta('backup', backup, '--home', hub.home.home, ...options)

const restore = (home: string, ...options: readonly string[]) =>
  rabta('restore', backup, '--home', home, ...options)

const publish = async (): Promise<string> => {
  const alert = sampleAlert()
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  expect(answer.status).toBe(201)
  return alert.id
}

/** Another machine with the hub's keys and without its data. */
const machineWithKeys = (): string => {
  const home = copyOf()
  cpSync(hub.home.home, home, { recursive: true, filter: (path) => !/[\\/]data$/.test(path) })
  return home
}

const openRestored = async (home: string): Promise<TestHub> => {
  const restored = new TestHub({ ...hub.home, home, remove: () => undefined })
  await restored.open()
  return restored
}

const statusesOf = async (at: TestHub, ids: readonly string[]) => {
  const answers = ids.map((id) => at.get(`/v1/alerts/ctd-kp/${id}`, 'nacta/coordinator'))
  return (await Promise.all(answers)).map(({ status }) => status)
}

const checkpointOf = (home: string): string => join(homePaths(home).tiles, 'checkpoint')

const remembering = (): CheckpointMemory => {
  let kept: string | null = null
  return {
    load: async () => kept,
    save: async (note) => {
      kept = note
    },
  }
}

test('a backup beside a hub under traffic has all that was acknowledged before it began', async () => {
  const before = await Promise.all(Array.from({ length: 20 }, publish))
  let isOver = false
  const traffic = async (): Promise<void> => {
    while (!isOver) await publish()
  }
  const during = Promise.all(Array.from({ length: 4 }, traffic))
  const made = await backUp('--json')
  isOver = true
  await during
  expect([made.exit, made.err.includes('copying')]).toEqual([EXIT.ok, true])
  expect(existsSync(`${backup}.partial`)).toBe(false)
  await hub.settled()
  const vouching = join(hub.home.home, 'kept')
  // What somebody else kept at the time of the backup.
  writeFileSync(vouching, JSON.parse(made.out).checkpoint)
  const home = machineWithKeys()
  const done = await restore(home, '--checkpoint', vouching, '--json')
  expect(done.exit, done.err).toBe(EXIT.ok)
  expect(JSON.parse(done.out).accessSize).toBe(JSON.parse(made.out).accessSize)
  const restored = await openRestored(home)
  try {
    await restored.settled()
    expect(new Set(await statusesOf(restored, before))).toEqual(new Set([200]))
    const answer = await restored.request('/health/ready', {})
    expect(answer.status).toBe(200)
    expect((await fsckHome(home, { kafka: null, io: null })).problems).toEqual([])
    expect(restored.alarms.map(({ what }) => what)).not.toContain('stamp-without-record')
  } finally {
    await restored.close()
  }
})

test('a home is not restored to a log that is shorter than what it has signed since', async () => {
  await publish()
  expect((await backUp()).exit).toBe(EXIT.ok)
  await publish()
  await hub.settled()
  await hub.close()
  const kept = readFileSync(checkpointOf(hub.home.home), 'utf8')
  const log = readFileSync(homePaths(hub.home.home).logDatabase)
  const own = await restore(hub.home.home)
  expect([own.exit, own.err]).toEqual([EXIT.unverified, expect.stringContaining('shorter')])
  expect(readFileSync(homePaths(hub.home.home).logDatabase).equals(log)).toBe(true)
  // Nor where only a client remembers it.
  const file = join(hub.home.home, 'remembered')
  writeFileSync(file, kept)
  const home = machineWithKeys()
  const other = await restore(home, '--checkpoint', file)
  expect([other.exit, other.err]).toEqual([EXIT.unverified, expect.stringContaining('shorter')])
  const named = await restore(home, '--checkpoint', file, '--new-log-name', 'x.example/2')
  expect(named.exit).toBe(EXIT.usage)
  expect(existsSync(homePaths(home).data)).toBe(false)
})

test('a log that forked from a checkpoint that somebody kept is not restored', async () => {
  await publish()
  expect((await backUp()).exit).toBe(EXIT.ok)
  const first = machineWithKeys()
  const under = ['--new-log-name', 'hub.rabta.example/access', '--key', homePaths(first).rootKey]
  expect((await restore(first, ...under)).err).toContain('says so already')
  // The same log name goes on twice from one backup, as nothing but a mistake would let it.
  const note = join(hub.home.home, 'kept')
  cpSync(checkpointOf(hub.home.home), note)
  const vouched = await restore(first, '--checkpoint', note)
  expect(vouched.exit, vouched.err).toBe(EXIT.ok)
  const restored = await openRestored(first)
  await restored.get('/v1/feed', 'nacta/coordinator')
  await restored.settled()
  await restored.close()
  await publish()
  await publish()
  await hub.settled()
  rmSync(backup, { recursive: true })
  expect((await backUp()).exit).toBe(EXIT.ok)
  const forked = await restore(first)
  expect([forked.exit, forked.err]).toEqual([EXIT.unverified, expect.stringContaining('another')])
})

test('where nothing vouches for it the log goes on under a new name, and clients say so', async () => {
  const client = (at: TestHub, memory: CheckpointMemory) =>
    new LogClient(sessionAt(at, 'ctd-kp/security-officer'), memory)
  const id = await publish()
  await hub.settled()
  expect((await backUp('--with-keys')).exit).toBe(EXIT.ok)
  await publish()
  await hub.settled()
  const memory = remembering()
  await client(hub, memory).refresh()
  await hub.close()
  // A new machine: only the backup, which has the hub's keys, and the root key from its safe.
  const home = copyOf()
  const refused = await restore(home)
  expect([refused.exit, refused.err]).toEqual([EXIT.unverified, expect.stringContaining('vouches')])
  const root = homePaths(hub.home.home).rootKey
  const toSign = join(hub.home.home, 'naming')
  const named = ['--new-log-name', 'hub.rabta.example/access-2', '--to-sign', toSign]
  expect((await restore(home, ...named)).exit).toBe(EXIT.ok)
  const unsigned = await restore(home, '--signed', toSign)
  expect([unsigned.exit, existsSync(homePaths(home).data)]).toEqual([EXIT.usage, false])
  expect((await rabta('root', 'sign', toSign, '--key', root)).exit).toBe(EXIT.ok)
  const done = await restore(home, '--signed', toSign, '--json')
  expect(done.exit, done.err).toBe(EXIT.ok)
  expect(JSON.parse(done.out).logName).toBe('hub.rabta.example/access-2')
  const restored = await openRestored(home)
  try {
    await restored.settled()
    expect(await statusesOf(restored, [id])).toEqual([200])
    const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'))
    const [, size, root64 = ''] = manifest.checkpoint.split('\n')
    const [record] = await restored.records(manifest.accessSize)
    const halves = record?.reasons.flatMap((code) => /^former-root-(.+)$/.exec(code)?.[1] ?? [])
    expect(record?.reasons).toContain(`former-size-${size}`)
    expect(halves?.join('')).toBe(Buffer.from(root64, 'base64').toString('hex'))
    const served = await restored.request('/v1/access-log/checkpoint', {})
    expect(Buffer.from(served.bytes).toString().split('\n')[0]).toBe('hub.rabta.example/access-2')
    await expect(client(restored, memory).refresh()).rejects.toMatchObject({
      name: 'LogChanged',
      why: 'other-origin',
    })
    expect((await client(restored, remembering()).refresh()).checkpoint.size).toBeGreaterThan(0)
    expect((await fsckHome(home, { kafka: null, io: null })).problems).toEqual([])
    await restored.close()
    await restored.open()
    await restored.settled()
    expect(restored.alarms.map(({ what }) => what)).not.toContain('checkpoint-unverifiable')
  } finally {
    await restored.close()
  }
})

test('a home in use, half a backup and a changed backup are refused, and no key is in it unasked', async () => {
  await publish()
  await hub.settled()
  expect((await backUp()).exit).toBe(EXIT.ok)
  expect(existsSync(join(backup, 'hub'))).toBe(false)
  expect(statSync(backup).mode & 0o077).toBe(0)
  const again = await backUp()
  expect([again.exit, again.err]).toEqual([EXIT.usage, expect.stringContaining('there already')])
  const used = await restore(hub.home.home)
  expect([used.exit, used.err]).toEqual([EXIT.usage, expect.stringContaining('in use')])
  const manifest = readFileSync(join(backup, 'manifest.json'), 'utf8')
  rmSync(join(backup, 'manifest.json'))
  const half = await restore(copyOf())
  expect([half.exit, half.err]).toEqual([EXIT.unverified, expect.stringContaining('half of one')])
  writeFileSync(join(backup, 'manifest.json'), manifest)
  const log = readFileSync(join(backup, 'data', 'log.db'))
  log[log.length - 100] = (log[log.length - 100] ?? 0) ^ 1
  writeFileSync(join(backup, 'data', 'log.db'), log)
  const changed = await restore(copyOf())
  expect([changed.exit, changed.err]).toEqual([
    EXIT.unverified,
    expect.stringContaining('not what the manifest says'),
  ])
  const wandering = manifest.replace('"federation.json"', '"../../federation.json"')
  writeFileSync(join(backup, 'manifest.json'), wandering)
  expect((await restore(copyOf())).err).toContain('no manifest')
})

test('the hub does not start on a home whose restore was killed', async () => {
  await hub.close()
  const { restoring } = homePaths(hub.home.home)
  mkdirSync(restoring)
  await expect(hub.open()).rejects.toThrow('has not finished')
  rmSync(restoring, { recursive: true })
  await hub.open()
})
