import { expect, test } from 'vitest'
import { encodeAccessRecord } from '#core/access-record.ts'
import {
  ACCESS_TOPIC,
  alertTopic,
  DIRECTORY_TOPIC,
  deadLetterTopic,
  intakeTopic,
} from '#core/topics.ts'
import { DEAD_LETTERS, RECORDS } from '#tests/fuzz/corpus.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { Random } from '#tests/fuzz/random.ts'
import { accessRecord } from '#tests/published-frame.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed } from '#tests/test-hub.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const INPUTS = 150
const INTAKE = intakeTopic('live', 'PK-KP')
const ALERTS = alertTopic('live', 'PK-SD', 'RESTRICTED')

// Whoever can write into topics holds no key: what they write is passed over, or stops the one
// topic with its name; nothing falls, and what was released before is released still.
test(`hostile bytes in the topics of a running hub (FUZZ_SEED=${seed})`, async () => {
  const hub = await openTestHub()
  const escaped: unknown[] = []
  const onEscape = (error: unknown): number => escaped.push(error)
  process.on('unhandledRejection', onEscape)
  try {
    const alert = sampleAlert()
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    expect((await hub.publish(bytes, 'ctd-kp/feed-system')).status).toBe(201)
    await hub.settled()
    const { log } = hub.hub.parts
    const frames = (await log.read(INTAKE, 0, 1)).map(({ value }) => value)
    const { entries } = hub.home.founding
    const records = [...RECORDS, encodeAccessRecord(accessRecord())]
    const topics: readonly (readonly [string, readonly Uint8Array[]])[] = [
      [DIRECTORY_TOPIC, entries],
      [ACCESS_TOPIC, records],
      [deadLetterTopic('live'), DEAD_LETTERS],
      [INTAKE, frames],
      [ALERTS, frames],
    ]
    for (const [topic, seeds] of topics) {
      const made = Array.from({ length: INPUTS }, (_, nth) =>
        mutant(seeds, Random.of(seed, topic, nth)),
      )
      // An entry of no bytes is refused by the log's own promise; it comes to no reader.
      await log.append(
        topic,
        made.filter(({ length }) => length > 0),
      )
    }
    await hub.hub.gateway.caughtUp()
    await hub.hub.router.followers.caughtUp()
    await hub.hub.audit.caughtUp()
    const ready = await fetch(`${hub.hub.url}/health/ready`)
    const said = await ready.text()
    const names = topics.map(([topic]) => topic)
    const isNamed = ready.status === 503 && names.some((name) => said.includes(name))
    expect(ready.status === 200 || isNamed, said).toBe(true)
    const feed = await hub.get('/v1/feed?limit=10', 'nacta/coordinator')
    expect([feed.status, JSON.stringify(feed.json)]).toEqual([
      200,
      expect.stringContaining(alert.id),
    ])
    expect(escaped).toEqual([])
  } finally {
    process.off('unhandledRejection', onEscape)
    await hub.close()
    hub.home.remove()
  }
}, 120_000)
