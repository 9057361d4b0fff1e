import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import type { Alarm } from '#core/alarm.ts'
import { LIMITS } from '#core/limits.ts'
import type { Guard, GuardStore } from '#core/ports/guard.ts'
import { openSharedGuard } from '#core/shared-guard.ts'
import { jumpingClock } from '#tests/jumping-clock.ts'

const ONE_A_MINUTE = { perMinute: 1, burst: 12 }
const LONG_MS = 60_000
const LATE_ANSWER = { allowed: true } as const

/** A store of this process that can be away: silent, or refusing. */
class FaultyStore implements GuardStore {
  asked = 0
  fault: 'none' | 'silent' | 'refusing' = 'none'
  private readonly inner: Guard

  constructor(inner: Guard = openMemoryGuard({ clock: systemClock })) {
    this.inner = inner
  }

  useOnce = (key: string, ttlMs: number) => this.answer(() => this.inner.useOnce(key, ttlMs))
  take: Guard['take'] = (bucket, rate) => this.answer(() => this.inner.take(bucket, rate))
  peek: Guard['peek'] = (bucket, rate) => this.answer(() => this.inner.peek(bucket, rate))
  charge: Guard['charge'] = (bucket, rate) => this.answer(() => this.inner.charge(bucket, rate))
  ping = () => this.answer(async () => undefined)
  close = () => this.inner.close()

  private answer<T>(work: () => Promise<T>): Promise<T> {
    this.asked += 1
    if (this.fault === 'silent') return new Promise<T>(() => undefined)
    return this.fault === 'none' ? work() : Promise.reject(new Error('gone'))
  }
}

let store: FaultyStore
let guard: Guard
let alarms: Alarm[]

const open = (shared: GuardStore, processes = 3): Promise<Guard> =>
  openSharedGuard({
    store: shared,
    local: openMemoryGuard({ clock: systemClock }),
    processes,
    answerMsMax: LIMITS.guardAnswerMs,
    clock: systemClock,
    onAlarm: (alarm) => alarms.push(alarm),
  })

beforeEach(async () => {
  alarms = []
  store = new FaultyStore()
  guard = await open(store)
})
afterEach(() => guard.close())

const takenOf = async (one: Guard, bucket: string, times: number): Promise<number> => {
  let count = 0
  for (let time = 0; time < times; time += 1) {
    if ((await one.take(bucket, ONE_A_MINUTE)).allowed) count += 1
  }
  return count
}

const untilWorking = async (): Promise<void> => {
  while (guard.state() !== 'working') await systemClock.sleep(10)
}

test.each(['silent', 'refusing'] as const)(
  'a %s store is answered for, by a share',
  async (fault) => {
    store.fault = fault
    expect(await takenOf(guard, 'bucket', 20)).toBe(4)
    expect(guard.state()).toBe('degraded')
    store.fault = 'none'
    await untilWorking()
    expect(await takenOf(guard, 'bucket', 20)).toBe(12)
  },
)

test('a share is never none', async () => {
  const many = await open(store, 1_000)
  store.fault = 'refusing'
  expect(await takenOf(many, 'bucket', 20)).toBe(1)
  await many.close()
})

test('once it is found away nobody else waits for it', async () => {
  store.fault = 'silent'
  await guard.take('bucket', ONE_A_MINUTE)
  const before = store.asked
  for (let time = 0; time < 200; time += 1) {
    await guard.take('bucket', ONE_A_MINUTE)
    await guard.peek('bucket', ONE_A_MINUTE)
    await guard.charge('bucket', ONE_A_MINUTE)
    await guard.useOnce(`${time}`, LONG_MS)
  }
  // Pings alone, of which there is one a second.
  expect(store.asked - before).toBeLessThanOrEqual(1 + Math.ceil(performance.now() / 1_000))
  expect(guard.state()).toBe('degraded')
})

test('it is told once what is wrong, and nothing of a moment’s trouble', async () => {
  store.fault = 'refusing'
  const taken = guard.take('bucket', ONE_A_MINUTE)
  store.fault = 'none'
  await taken
  await untilWorking()
  expect(alarms).toEqual([])
  store.fault = 'refusing'
  await Promise.all(Array.from({ length: 20 }, () => guard.take('bucket', ONE_A_MINUTE)))
  await systemClock.sleep(0)
  expect(alarms).toEqual([{ what: 'guard-degraded', why: 'gone' }])
})

test('a mark stays used at this process, whatever the store forgot or was not told', async () => {
  expect(await guard.useOnce('told', LONG_MS)).toBe(true)
  await store.close()
  expect(await guard.useOnce('told', LONG_MS)).toBe(false)
  store.fault = 'refusing'
  expect(await guard.useOnce('untold', LONG_MS)).toBe(true)
  expect(await guard.useOnce('untold', LONG_MS)).toBe(false)
  store.fault = 'none'
  await untilWorking()
  expect(await guard.useOnce('untold', LONG_MS)).toBe(false)
})

test('a mark of another process counts', async () => {
  const other = await open(store)
  expect(await other.useOnce('key', LONG_MS)).toBe(true)
  expect(await guard.useOnce('key', LONG_MS)).toBe(false)
})

test('a store that is away at the beginning is no reason not to begin', async () => {
  const away = new FaultyStore()
  away.fault = 'refusing'
  const clock = jumpingClock()
  const opening = openSharedGuard({
    store: away,
    local: openMemoryGuard({ clock }),
    processes: 1,
    answerMsMax: LIMITS.guardAnswerMs,
    clock,
    onAlarm: (alarm) => alarms.push(alarm),
  })
  clock.jump(60_000)
  const begun = await opening
  expect(begun.state()).toBe('degraded')
  expect(await takenOf(begun, 'bucket', 20)).toBe(12)
  await begun.close()
})

test('an answer that was there when the process had time to look counts', async () => {
  const inner = openMemoryGuard({ clock: systemClock })
  const slow = new FaultyStore(inner)
  const busy = await open(slow)
  slow.take = async () => {
    await null
    // Comes by the event loop, as from a socket, when the time for it has run out in the process.
    const came = new Promise<void>((resolve) => setImmediate(resolve))
    const untilMs = performance.now() + 2 * LIMITS.guardAnswerMs
    while (performance.now() < untilMs);
    await came
    return LATE_ANSWER
  }
  // From where timers come before what arrived meanwhile.
  await new Promise((resolve) => setImmediate(resolve))
  expect(await busy.take('bucket', ONE_A_MINUTE)).toBe(LATE_ANSWER)
  expect(busy.state()).toBe('working')
  await busy.close()
})
