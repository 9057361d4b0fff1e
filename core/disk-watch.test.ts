import { afterEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import type { Alarm } from '#core/alarm.ts'
import { DiskWatch } from '#core/disk-watch.ts'

const alarms: Alarm[] = []
let free: number | null = null
/** Each look at the disk lets the next sleep end. */
let watch: DiskWatch | null = null

afterEach(async () => {
  await watch?.stop()
  alarms.length = 0
})

const open = async (freeBytesMin: number): Promise<DiskWatch> => {
  const sleep = (_ms: number, signal?: AbortSignal) => systemClock.sleep(5, signal)
  watch = new DiskWatch({
    freeBytes: async () => {
      if (free === null) throw new Error('no such file system')
      return free
    },
    freeBytesMin,
    clock: { ...systemClock, sleep },
    onAlarm: (alarm) => alarms.push(alarm),
  })
  await watch.start()
  return watch
}

const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await systemClock.sleep(2)
}

test('room at the bound is enough, one byte less is not', async () => {
  free = 100
  expect((await open(100)).isLow).toBe(false)
  await watch?.stop()
  free = 99
  expect((await open(100)).isLow).toBe(true)
})

test('it is noticed when room runs out and when it comes back; each time one alarm', async () => {
  free = 200
  const disk = await open(100)
  free = 50
  await until(() => disk.isLow)
  free = 40
  await systemClock.sleep(50)
  free = 200
  await until(() => !disk.isLow)
  free = 10
  await until(() => disk.isLow)
  expect(alarms.map(({ what }) => what)).toEqual(['disk-low', 'disk-low'])
})

test('a disk that cannot be asked counts as one without room', async () => {
  free = null
  expect((await open(0)).isLow).toBe(true)
})
