import { spawn } from 'node:child_process'
import { get } from 'node:http'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { CONNECTION_BOUNDS } from '#adapters/http/listener.ts'
import { createServer, listen } from '#adapters/http/server.ts'

const TRIED = 10_000
/** Only Linux takes all of 127.0.0.0/8 for this machine, and the test needs two addresses. */
const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('many connections: not tried, this is not Linux\n')

/** Another process, with handles and memory of its own. */
const holder = (port: number) => {
  const program = 'tests/programs/hold-connections.ts'
  const child = spawn(process.execPath, [program, String(TRIED), String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    tried: () => lines.next(),
    counts: async (): Promise<{ readonly open: number; readonly refused: number }> => {
      child.stdin.write('\n')
      return JSON.parse(String((await lines.next()).value))
    },
    end: () => child.stdin.end(),
  }
}

/** The status of an answer over a new connection. */
const askLive = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health/live', agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    }).once('error', reject)
  })

test.runIf(isLinux)(
  '10,000 silent connections take the places of one address, and no longer than headers may take',
  async () => {
    const { perAddressMax } = CONNECTION_BOUNDS
    const bounds = { ...CONNECTION_BOUNDS, headersMsMax: 8_000 }
    const app = createServer({ logTo: null, readiness: [], bounds })
    const url = await listen(app, { host: '127.0.0.1', port: 0 })
    const port = Number(new URL(url).port)
    const connections = (): Promise<number> =>
      new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)))
    const rssBefore = process.memoryUsage().rss
    const attacker = holder(port)
    try {
      await attacker.tried()
      const beganAtMs = performance.now()
      expect(await askLive(port)).toBe(200)
      const answeredMs = performance.now() - beganAtMs
      const held = await connections()
      const perConnection = (process.memoryUsage().rss - rssBefore) / Math.max(held, 1)
      process.stdout.write(
        `many connections: ${TRIED} tried, ${held} held, another client answered in ` +
          `${answeredMs.toFixed(1)} ms, ${(perConnection / 1_024).toFixed(1)} KiB each\n`,
      )
      expect(held).toBeLessThanOrEqual(perAddressMax)
      await expect
        .poll(async () => (await attacker.counts()).refused, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(TRIED - perAddressMax)
      // Nothing was said on them, so none of them stays.
      await expect.poll(connections, { timeout: 60_000, interval: 200 }).toBe(0)
      await expect.poll(async () => (await attacker.counts()).open, { timeout: 20_000 }).toBe(0)
    } finally {
      attacker.end()
      await app.close()
    }
  },
  120_000,
)
