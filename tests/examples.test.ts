import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import { hasPython, pythonWith, runPython } from '#tests/python.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const OFFICER = 'ctd-kp/duty-officer'
let hub: TestHub
let python = ''

const publish = (...more: readonly string[]): Promise<string> => {
  const own = homePaths(hub.home.home).agency('ctd-kp')
  const words = [
    ...['docs/examples/publish.py', '--hub', hub.hub.url ?? '', '--as', OFFICER],
    ...['--audience', `${hub.home.issuer}/v1/token`, '--login', own.principalKey('duty-officer')],
  ]
  return runPython(python, [...words, ...more], 60_000)
}

describe.skipIf(!hasPython())('the example in Python (needs python3)', () => {
  beforeAll(async () => {
    python = await pythonWith('tests/second-checker/requirements.txt', 'second-checker')
    hub = await openTestHub()
  }, 360_000)
  afterAll(async () => {
    await hub.close()
    hub.home.remove()
  })

  test('publishes an alert that others read, as it was signed', { timeout: 90_000 }, async () => {
    const { alertKey } = homePaths(hub.home.home).agency('ctd-kp')
    const published = JSON.parse(await publish('--alerts', alertKey))
    const headers = { accept: 'application/json' }
    const path = `/v1/alerts/ctd-kp/${published.id}`
    const { status, json } = await hub.get(path, 'nacta/coordinator', { headers })
    expect([status, json['texts']]).toMatchObject([
      200,
      [{ headline: 'Invented: an alert sent by a program in Python' }],
    ])
    const { json: found } = await hub.get(`${path}/status`, OFFICER)
    expect(found).toMatchObject({ digest: published.digest, state: 'routed' })
  })

  test('says why when the hub refuses', { timeout: 90_000 }, async () => {
    const { exerciseKey } = homePaths(hub.home.home).agency('ctd-kp')
    await expect(publish('--alerts', exerciseKey)).rejects.toThrow(/refused: key-wrong-usage/)
  })
})
