import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import '#adapters/kafka/request-queue.ts'

interface Queue {
  throttledUntil: number
  push(request: object): void
  checkPendingRequests(): void
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Queue

const silent = { debug: () => undefined, warn: () => undefined }
const newQueue = () => new RequestQueue({ requestTimeout: 1_000, logger: silent })

const request = (correlationId: number, sendRequest: () => void) => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined },
  expectResponse: false,
  sendRequest,
})

test('a queue in which nothing waits sets no timer', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const queue = newQueue()
  queue.push(request(1, () => undefined))
  queue.checkPendingRequests()
  expect(timers).not.toHaveBeenCalled()
  timers.mockRestore()
})

test('a request that is throttled is sent when the throttling ends', async () => {
  const queue = newQueue()
  queue.throttledUntil = Date.now() + 50
  let isSent = false
  queue.push(
    request(1, () => {
      isSent = true
    }),
  )
  await sleep(10)
  expect(isSent).toBe(false)
  await expect.poll(() => isSent).toBe(true)
})
