import { afterEach, beforeEach, expect, test } from 'vitest'
import { enter } from '#tests/directory-entries.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const COORDINATOR = 'nacta/coordinator'

let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

/** Takes back the key by which the coordinator proves who it is; nothing else changes. */
const revoke = (): Promise<void> => {
  const { keyId } = hub.home.principalSigner(COORDINATOR)
  const by = hub.home.administratorSigner('nacta')
  return enter(hub, by, { type: 'KeyRevoked', keyId, compromisedSinceMs: null })
}

test('a token is none once the key that it was got with is revoked', async () => {
  expect((await hub.get('/v1/feed?from=now', COORDINATOR)).status).toBe(200)
  const index = (await hub.recordCount()) - 1
  const path = `/v1/access-log/records/${index}`
  expect((await hub.get(path, COORDINATOR)).status).not.toBe(401)
  await revoke()
  for (const one of ['/v1/feed?from=now', '/v1/directory/entries?from=0', path]) {
    const { status, json } = await hub.get(one, COORDINATOR)
    expect([status, json['code']], one).toEqual([401, 'not-authenticated'])
  }
  expect((await hub.get('/v1/feed?from=now', 'nacta/liaison')).status).toBe(200)
})

test('a stream ends when the key that its token was got with is revoked', async () => {
  const authorization = `Bearer ${await hub.token(COORDINATOR)}`
  const url = `${hub.hub.url}/v1/feed/stream?from=now`
  const reader = await StreamReader.open(url, { authorization })
  await reader.until(({ heartbeats }) => heartbeats > 0)
  await revoke()
  await reader.closed(10_000)
  expect(reader.endReason).toBe('token-expired')
})
