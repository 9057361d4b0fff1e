import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { enterChange } from '#clients/sdk/enter-change.ts'
import { feedPage } from '#clients/sdk/feed.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { provePossession } from '#core/directory/possession.ts'
import type { Signer } from '#core/ports/signer.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const OVERLAP_MS = 2_000
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const enter = (change: DirectoryChange) =>
  enterChange(sessionAt(hub, 'ctd-kp/administrator'), () => change, [
    hub.home.administratorSigner('ctd-kp'),
  ])

const alertKey = async (validToMs: number): Promise<Signer> => {
  const signer = openSigner(generateKey('Ed25519').privatePem)
  const owner = { agency: agencyId('ctd-kp'), principal: null, usage: 'alert_signing' } as const
  await enter({
    type: 'KeyAdded',
    ...owner,
    key: signer.publicKey,
    possession: await provePossession(signer, owner),
    validFromMs: Date.now() - 60_000,
    validToMs,
  })
  return signer
}

const publish = async (signer: Signer) => {
  const alert = sampleAlert()
  const answer = await hub.publish(await signed(alert, signer), 'ctd-kp/feed-system')
  return { id: alert.id, status: answer.status, code: answer.json['code'] }
}

const verifiedIds = async (): Promise<readonly string[]> => {
  await hub.settled()
  const page = await feedPage(sessionAt(hub, 'nacta/coordinator'), { from: 'earliest' })
  return page.items.map((item) => (item.ok ? item.alert.id : `not verified: ${item.fault}`))
}

test('in the overlap both keys sign; then the old one does not, and what it signed verifies', async () => {
  const endMs = Date.now() + OVERLAP_MS
  const old = await alertKey(endMs)
  const fresh = await alertKey(endMs + 86_400_000)
  const inOverlap = [await publish(old), await publish(fresh)]
  expect(inOverlap.map(({ status }) => status)).toEqual([201, 201])
  await new Promise((resolve) => setTimeout(resolve, endMs - Date.now() + 50))
  expect(await publish(old)).toMatchObject({ status: 403, code: 'key-not-valid-now' })
  const after = await publish(fresh)
  expect(after.status).toBe(201)
  expect(await verifiedIds()).toEqual([...inOverlap, after].map(({ id }) => id))
  await hub.close()
  await hub.open()
  expect(await verifiedIds()).toEqual([...inOverlap, after].map(({ id }) => id))
})

test('what a key signed since it was compromised is withdrawn, what it signed before stays', async () => {
  const { keyId } = hub.home.alertSigner('ctd-kp')
  const before = await publish(hub.home.alertSigner('ctd-kp'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  const compromisedSinceMs = Date.now()
  const since = await publish(hub.home.alertSigner('ctd-kp'))
  expect([before.status, since.status]).toEqual([201, 201])
  await hub.settled()
  await enter({ type: 'KeyRevoked', keyId, compromisedSinceMs })
  expect(await verifiedIds()).toEqual([before.id])
  expect(await publish(hub.home.alertSigner('ctd-kp'))).toMatchObject({ code: 'key-revoked' })
  const read = await hub.get(`/v1/alerts/ctd-kp/${since.id}`, 'nacta/coordinator')
  expect([read.status, read.json['code']]).toEqual([410, 'compromised'])
})
