import { cpSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { forgetfulMemory } from '#clients/sdk/checkpoint-memory.ts'
import { feedPages } from '#clients/sdk/feed.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { LogForked } from '#clients/sdk/log-errors.ts'
import { publish } from '#clients/sdk/publish.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import type { VerifiedAlert } from '#clients/sdk/verify-release.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
const deps = { sha256, verify: verifySignature }
let hub: TestHub

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const publishOne = async () => {
  const bytes = await signAlert(sampleAlert(), [hub.home.alertSigner('ctd-kp')])
  const published = await publish(sessionAt(hub, KP), bytes)
  await hub.settled()
  return { bytes, published }
}

test('from a signature in one province to a receipt in another, nobody was believed', async () => {
  const { bytes, published } = await publishOne()
  const publisher = sessionAt(hub, KP)
  const sent = await new LogClient(publisher, forgetfulMemory()).verifyRecord(published.record)
  expect(sent.state).toBe('included')

  const reader = sessionAt(hub, COORDINATOR)
  const released: VerifiedAlert[] = []
  for await (const { items } of feedPages(reader)) {
    released.push(...items.filter((item) => item.ok))
  }
  const release = released.find(({ alert }) => alert.id === published.id)
  if (release === undefined) throw new Error('the alert is not in the feed')
  expect(release.signedAlert).toEqual(bytes)

  const log = new LogClient(reader, forgetfulMemory())
  expect((await log.verifyRecord(release.record)).state).toBe('included')
  const text = (await log.receipt(release.record)) ?? ''
  const verifierKey = reader.directory.state.logVerifierKey ?? ''
  const receipt = await verifyReceipt({ text, verifierKey }, deps)
  if (!receipt.ok) throw new Error(receipt.why)
  expect(receipt.record?.content).toMatchObject({
    action: 'RELEASE',
    principal: COORDINATOR,
    alert: { origin: 'ctd-kp', id: published.id, digest: published.digest },
  })
})

test('the receipt that the hub itself gives proves the same', async () => {
  const { published } = await publishOne()
  const { index, bytes } = published.record
  const path = `/v1/access-log/records/${index}/proof`
  const given = await hub.get(path, KP, { headers: { accept: 'text/plain' } })
  const session = sessionAt(hub, KP)
  await session.directory.catchUp()
  const verifierKey = session.directory.state.logVerifierKey ?? ''
  const text = Buffer.from(given.bytes).toString()
  const receipt = await verifyReceipt({ text, verifierKey, record: bytes }, deps)
  expect(receipt).toMatchObject({ ok: true, index })
})

test('a hub restored from yesterday’s copy is not believed by who saw more', async () => {
  const { home } = hub.home
  const copy = `${home}-copy`
  const memory = forgetfulMemory()
  const client = () => new LogClient(sessionAt(hub, KP), memory)
  await publishOne()
  await client().refresh()
  await hub.close()
  cpSync(home, copy, { recursive: true })
  await hub.open()
  await publishOne()
  await hub.settled()
  expect(await client().refresh()).toMatchObject({ isStale: false, isFirst: false })
  await hub.close()
  rmSync(home, { recursive: true })
  cpSync(copy, home, { recursive: true })
  rmSync(copy, { recursive: true })
  await hub.open()
  await hub.settled()
  expect(await failureOf(client().refresh())).toBeInstanceOf(LogForked)
  await publishOne()
  await publishOne()
  await hub.settled()
  const failure = await failureOf(client().refresh())
  expect(failure).toMatchObject({ name: 'LogForked', evidence: { larger: expect.any(String) } })
})
