import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomBytes } from '#adapters/crypto/random.ts'
import { homePaths } from '#adapters/files/home.ts'
import { startService } from '#clients/cli/child-service.ts'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { isPrincipalId } from '#core/principal.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

const IN_FLIGHT = 32
const KP = 'ctd-kp/feed-system'
let home: TemporaryHome

beforeEach(async () => {
  home = await makeTemporaryHome()
})
afterEach(() => home.remove())

const tokenAt = async (url: string): Promise<string> => {
  if (!isPrincipalId(KP)) throw new RangeError(KP)
  const assertion = await clientAssertion({
    authentication: home.principalSigner(KP),
    principal: KP,
    audience: `${home.issuer}/v1/token`,
    nowMs: Date.now(),
    random: randomBytes,
  })
  const answer = await fetch(`${url}/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope: 'live',
    }),
  })
  return (await answer.json()).access_token
}

const checkpointSize = (): number => {
  const file = join(homePaths(home.home).tiles, 'checkpoint')
  return Number(readFileSync(file, 'utf8').split('\n')[1])
}

test('a hub that is stopped in the midst of publications leaves none of its answers uncovered', async () => {
  const settings = { RABTA_HOME: home.home, RABTA_LISTEN: '127.0.0.1:0' }
  const hub = await startService('hub', settings, () => undefined)
  const url = hub.url ?? ''
  const authorization = `Bearer ${await tokenAt(url)}`
  const accepted: number[] = []
  const others: number[] = []
  const signer = home.alertSigner('ctd-kp')
  const publishUntilGone = async (): Promise<void> => {
    for (;;) {
      const body = Buffer.from(await signed(sampleAlert(), signer))
      const type = 'application/vnd.rabta.signed-alert+avro'
      const headers = { authorization, 'content-type': type }
      const answer = await fetch(`${url}/v1/alerts`, { method: 'POST', body, headers }).catch(
        () => null,
      )
      if (answer === null) return
      if (answer.status !== 201) {
        others.push(answer.status)
        return
      }
      const { record }: { record: { index: number } } = await answer.json()
      accepted.push(record.index)
    }
  }
  const publishing = Promise.all(Array.from({ length: IN_FLIGHT }, publishUntilGone))
  await expect.poll(() => accepted.length, { timeout: 60_000 }).toBeGreaterThan(2 * IN_FLIGHT)
  await hub.stop()
  await publishing
  expect(hub.process.exitCode).toBe(0)
  // Nobody was told that something failed whose outcome is not known.
  expect(others.filter((status) => status !== 503)).toEqual([])
  expect(checkpointSize()).toBeGreaterThan(Math.max(...accepted))
  const { problems, size } = await fsckHome(home.home, { kafka: null, io: null })
  expect([problems, size]).toEqual([[], checkpointSize()])
})
