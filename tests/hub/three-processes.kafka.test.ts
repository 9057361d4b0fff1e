import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { feedPage } from '#clients/sdk/feed.ts'
import { publish } from '#clients/sdk/publish.ts'
import type { Session } from '#clients/sdk/session.ts'
import { hex } from '#core/bytes.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { startKafka, type TestKafka, withKafka } from '#tests/containers.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { ServiceProcesses } from '#tests/service-processes.ts'
import { signed } from '#tests/test-hub.ts'

const RACES = 20
const KP = 'ctd-kp/feed-system'

await withKafka(() => {
  let kafka: TestKafka

  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await kafka?.stop()
  })

  test('the demonstration plays the same story with three processes on Kafka', async () => {
    const brokers = kafka.brokers.join(',')
    const { exit, out } = await rabta('demo', '--once', '--log=kafka', '--kafka-brokers', brokers)
    for (const line of [
      /ctd-kp\/\S+ {2}SECRET to PK, PK-KP, PK-PB {2}→ leaf 1\n/,
      /5 of 5 releases are proven to be in the access log\n/,
      /ctd-punjab\/analyst +given\n/,
      /ctd-sindh\/analyst +404 not-found/,
      /4 of 4 proven in the checkpoint of \d+ leaves/,
      /leaf \d+ of \d+ in hub\.rabta\.example\/access: RELEASE by nacta\/coordinator\n/,
      /fsck of the data folder: 0 problems/,
      /fsck of the copy: access entry 0/,
    ]) {
      expect(out).toMatch(line)
    }
    expect(exit).toBe(0)
  })

  test('two gateways never take two alerts under one id, and give the same feed', async () => {
    await using processes = await ServiceProcesses.open(kafka.brokers)
    const [, , ...gateways] = await Promise.all(
      (['audit', 'router', 'gateway', 'gateway'] as const).map((name) => processes.start(name)),
    )
    // One of the four has begun the directory, though all have what it begins with.
    const log = await processes.openLog()
    expect(await log.head(DIRECTORY_TOPIC)).toBe(processes.home.founding.entries.length)
    await log.close()
    const [one, other] = await Promise.all(gateways.map(({ url }) => processes.session(KP, url)))
    if (one === undefined || other === undefined) throw new Error('two gateways were started')
    const taken: string[] = []
    for (let race = 0; race < RACES; race += 1) {
      const alert = sampleAlert()
      const outcomes = await Promise.all(
        [one, other].map(async (session, at) => {
          const texts = [{ language: 'en', headline: `Invented, ${at}`, narrative: '' }]
          const bytes = await signed({ ...alert, texts }, processes.home.alertSigner('ctd-kp'))
          return patientOutcomeOf(session, bytes)
        }),
      )
      const won = outcomes.filter((outcome) => outcome !== 'id-taken')
      expect(won, `race ${race}: ${outcomes}`).toHaveLength(1)
      taken.push(...won)
    }
    for (const { url } of gateways) {
      const reader = await processes.session('nacta/coordinator', url)
      await expect.poll(() => digestsOf(reader), { timeout: 20_000 }).toEqual(taken)
    }
  })

  const rideOut = 'all three ride out a broker that is silent for a while, then end in seconds'
  test(rideOut, { timeout: 150_000 }, async ({ skip }) => {
    const { faults } = kafka
    if (faults === undefined) return skip('the broker is not ours to pause')
    await using processes = await ServiceProcesses.open(kafka.brokers)
    const [audit, gateway, router] = await Promise.all([
      processes.start('audit'),
      processes.start('gateway'),
      processes.start('router'),
    ])
    const services = [audit, gateway, router]
    const session = await processes.session(KP, gateway.url)
    const publishOne = async () =>
      patientOutcomeOf(session, await signed(sampleAlert(), processes.home.alertSigner('ctd-kp')))
    const before = await publishOne()
    await faults.pause()
    try {
      const lost = await signed(sampleAlert(), processes.home.alertSigner('ctd-kp'))
      expect(REFUSED_FOR_NOW).toContain(await outcomeOf(session, lost))
      for (const { url } of services) {
        await expect.poll(() => readiness(url), { timeout: 20_000 }).toBe(503)
      }
    } finally {
      await faults.resume()
    }
    for (const { url } of services) {
      await expect.poll(() => readiness(url), { timeout: 20_000 }).toBe(200)
    }
    const after = await publishOne()
    const reader = await processes.session('nacta/coordinator', gateway.url)
    await expect
      .poll(() => digestsOf(reader), { timeout: 20_000 })
      .toEqual(expect.arrayContaining([before, after]))
    const startedAtMs = performance.now()
    await Promise.all(services.map(({ service }) => service.stop()))
    expect(performance.now() - startedAtMs).toBeLessThan(15_000)
    expect(services.map(({ service }) => service.process.exitCode)).toEqual([0, 0, 0])
  })
})

const REFUSED_FOR_NOW = ['directory-stale', 'log-unavailable', 'outcome-unknown']

/** The digest of the alert that was taken, or the code of the refusal. */
const outcomeOf = async (session: Session, bytes: Uint8Array): Promise<string> => {
  try {
    return hex((await publish(session, bytes)).digest)
  } catch (error) {
    if (error instanceof HubRefusal) return error.code
    throw error
  }
}

/** As a client would: what the hub puts off, because a busy machine made it wait, is sent again. */
const patientOutcomeOf = async (session: Session, bytes: Uint8Array): Promise<string> => {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const outcome = await outcomeOf(session, bytes)
    if (!REFUSED_FOR_NOW.includes(outcome) || performance.now() > deadlineMs) return outcome
    await session.clock.sleep(250)
  }
}

const digestsOf = async (session: Session): Promise<readonly string[]> => {
  const { items } = await feedPage(session, { from: 'earliest' })
  return items.map((item) => (item.ok ? hex(item.stamp.digest) : item.fault))
}

const readiness = async (url: string): Promise<number> => {
  const answer = await fetch(`${url}/health/ready`)
  await answer.body?.cancel()
  return answer.status
}

const rabta = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, ['bin/rabta', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const out = await text(child.stdout)
  return { exit: await exited, out }
}
