import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FEDERATION } from '#tests/hub/route-callers.ts'
import { hasPython, pythonWith, runPython } from '#tests/python.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const SEED = 20_261_124
const SECONDS = 40

describe.skipIf(!hasPython())('schemathesis (needs python3)', () => {
  let hub: TestHub
  let python = ''

  beforeAll(async () => {
    python = await pythonWith('tests/schemathesis/requirements.txt', 'schemathesis')
    hub = await openTestHub(FEDERATION)
  }, 360_000)
  afterAll(async () => {
    await hub.close()
    hub.home.remove()
  })

  test(`finds no answer that the OpenAPI document does not have (seed ${SEED})`, {
    timeout: 180_000,
  }, async () => {
    const url = hub.hub.url ?? ''
    const token = await hub.token('ctd-kp/officer')
    const found = await runPython(
      python,
      [
        ...['-m', 'schemathesis.cli'],
        ...['--config-file', 'tests/schemathesis/schemathesis.toml', 'run'],
        ...[`${url}/v1/openapi.json`, '--url', url, '-H', `Authorization: Bearer ${token}`],
        // An answer without an end.
        ...['--exclude-path', '/v1/feed/stream'],
        ...['--phases', 'coverage,fuzzing', '--mode', 'all', '--max-examples', '8'],
        ...['--seed', String(SEED), '--generation-database', 'none', '--no-shrink'],
        ...['--max-time', String(SECONDS), '--request-timeout', '20', '--continue-on-failure'],
        ...['--no-color', '--warnings', 'off'],
      ],
      150_000,
    ).catch((error: { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(readable(`${error.stdout ?? ''}${error.stderr ?? ''}`))
    })
    const [, cases = '0'] = /(\d+) generated/.exec(found) ?? []
    expect(Number(cases)).toBeGreaterThan(500)
    expect((await hub.request('/health/ready', {})).status).toBe(200)
  })
})

const LINE_CHARACTERS_MAX = 300

/** It prints requests as they were sent, which can be very long. */
const readable = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.slice(0, LINE_CHARACTERS_MAX))
    .filter((line) => line.trim() !== '')
    .join('\n')
