import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import { openRedisGuardStore, type RedisOptions } from '#adapters/redis/guard-store.ts'
import { openSharedGuard } from '#core/shared-guard.ts'
import { startRedis, type TestRedis, withRedis } from '#tests/containers.ts'
import { guardContract } from '#tests/contracts/guard.ts'

const optionsFor = ({ port, password }: TestRedis): RedisOptions => ({
  host: '127.0.0.1',
  port,
  database: 0,
  user: null,
  password,
  tls: null,
  prefix: `test-${randomUUID()}:`,
})

await withRedis(() => {
  guardContract('the guard over Redis', async () => {
    const redis = await startRedis()
    const guard = await openSharedGuard({
      store: openRedisGuardStore(optionsFor(redis)),
      local: openMemoryGuard({ clock: systemClock }),
      processes: 1,
      clock: systemClock,
      // A machine that is busy with other tests is not what this is about.
      answerMsMax: 10_000,
      onAlarm: ({ why }) => {
        throw new Error(why)
      },
    })
    return {
      guard,
      pass: (ms) => systemClock.sleep(ms),
      dispose: async () => {
        await guard.close()
        await redis.stop()
      },
    }
  })
  storeTests()
})

function storeTests(): void {
  let redis: TestRedis

  beforeAll(async () => {
    redis = await startRedis()
  })
  beforeEach(async () => {
    await redis.command('flushall')
  })
  afterAll(() => redis?.stop())

  const opened = async (more: Partial<RedisOptions> = {}) => {
    const options = { ...optionsFor(redis), ...more }
    const store = openRedisGuardStore(options)
    while (!(await answers(store))) await systemClock.sleep(10)
    return { store, prefix: options.prefix }
  }

  test('whatever it writes has its prefix and a time to live', async () => {
    const { store, prefix } = await opened()
    const rate = { perMinute: 60, burst: 3 }
    await store.useOnce('a key', 60_000)
    await store.take('taken', rate)
    await store.charge('charged', rate)
    await store.peek('looked at', rate)
    const keys = (await redis.command('keys', '*')).split('\n').sort()
    expect(keys).toEqual([
      `${prefix}bucket:charged`,
      `${prefix}bucket:taken`,
      `${prefix}once:a key`,
    ])
    for (const key of keys) {
      const leftMs = Number(await redis.command('pttl', key))
      expect(leftMs, key).toBeGreaterThan(0)
      expect(leftMs, key).toBeLessThanOrEqual(60_000)
    }
    await store.close()
  })

  test('two processes that share it share marks and buckets', async () => {
    const prefix = `test-${randomUUID()}:`
    const [one, other] = [await opened({ prefix }), await opened({ prefix })]
    expect(await one.store.useOnce('key', 60_000)).toBe(true)
    expect(await other.store.useOnce('key', 60_000)).toBe(false)
    const rate = { perMinute: 1, burst: 10 }
    const takes = Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? one : other).store.take('b', rate),
    )
    expect((await Promise.all(takes)).filter(({ allowed }) => allowed)).toHaveLength(10)
    await one.store.close()
    await other.store.close()
  })

  test('its scripts may be forgotten at any time', async () => {
    const { store } = await opened()
    const rate = { perMinute: 1, burst: 2 }
    expect((await store.take('bucket', rate)).allowed).toBe(true)
    await redis.command('script', 'flush')
    expect((await store.take('bucket', rate)).allowed).toBe(true)
    await redis.command('script', 'flush')
    expect((await store.take('bucket', rate)).allowed).toBe(false)
    await store.close()
  })

  test('a bucket that says it is empty for ever is believed for as long as it could be', async () => {
    const { store, prefix } = await opened()
    const rate = { perMinute: 600, burst: 2 }
    for (const lie of ['1e300', '99999999999999', 'inf', 'nonsense', '-1', 'nan']) {
      await redis.command('set', `${prefix}bucket:${lie}`, lie)
      const looked = await store.take(lie, rate)
      if (!looked.allowed) expect(looked.retryAfterMs, lie).toBeLessThanOrEqual(300)
    }
    await store.close()
  })

  test('a wrong password is told without the password', async () => {
    const store = openRedisGuardStore({ ...optionsFor(redis), password: 'not-the-right-one' })
    const toldOf = async (): Promise<string> => {
      await systemClock.sleep(10)
      const why = await store.ping().then(String, String)
      return why.includes('WRONGPASS') ? why : toldOf()
    }
    expect(await toldOf()).not.toContain('not-the-right-one')
    await expect(store.useOnce('key', 1_000)).rejects.toThrow()
    await store.close()
  })

  test('what is asked while it is gone is rejected, and answered again by itself later', async () => {
    const { store } = await opened()
    const other = await startRedis()
    const lost = openRedisGuardStore(optionsFor(other))
    while (!(await answers(lost))) await systemClock.sleep(10)
    await other.pause()
    const asked = [lost.useOnce('a', 60_000), lost.take('b', { perMinute: 1, burst: 1 })]
    const settled = await Promise.allSettled(asked)
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await other.resume()
    while (!(await answers(lost))) await systemClock.sleep(10)
    await other.kill()
    while (await answers(lost)) await systemClock.sleep(10)
    await expect(lost.useOnce('c', 60_000)).rejects.toThrow()
    await other.start()
    while (!(await answers(lost))) await systemClock.sleep(10)
    expect(await lost.useOnce('d', 60_000)).toBe(true)
    await lost.close()
    await store.close()
    await other.stop()
  })
}

const answers = (store: { ping(): Promise<void> }): Promise<boolean> =>
  store.ping().then(
    () => true,
    () => false,
  )
