import { afterEach, beforeEach, expect, test } from 'vitest'
import { alarmLogger } from '#adapters/pino/logger.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { signed, TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const READER = 'nacta/coordinator'
/** Stands in everything that a caller can send. */
const MARK = 'MarkedWord'

let hub: TestHub
const lines: string[] = []
const logTo = { write: (line: string) => void lines.push(line) }

beforeEach(async () => {
  hub = new TestHub(await makeTemporaryHome())
  hub.logTo = logTo
  await hub.open()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const send = async (path: string, init: RequestInit = {}): Promise<number> => {
  const answer = await fetch(`${hub.hub.url}${path}`, init)
  await answer.arrayBuffer()
  return answer.status
}

test('no log line of a busy hub holds content, a name, a token or a query', async () => {
  const token = await hub.token(READER)
  const authorization = `Bearer ${token}`
  const text = { language: 'en', headline: MARK, narrative: `${MARK} ${MARK}` } as const
  const alert = sampleAlert({ texts: [text] })
  const body = Buffer.from(await signed(alert, hub.home.alertSigner('ctd-kp')))
  const publisher = { authorization: `Bearer ${await hub.token(KP)}` }
  const type = { 'content-type': SIGNED_ALERT_TYPE }
  const post = { method: 'POST', body, headers: { ...publisher, ...type } }
  expect(await send('/v1/alerts', post)).toBe(201)
  await hub.settled()
  const asked = { headers: { authorization, 'rabta-purpose': `INVESTIGATION ${MARK}` } }
  const path = `/v1/alerts/ctd-kp/${alert.id}`
  await send(path, asked)
  await send(`${path}?${MARK}=${MARK}`, asked)
  await send(`/v1/feed?kind=${MARK}`, asked)
  await send(`/v1/feed?from=${MARK}`, asked)
  await send(`/v1/${MARK}/%2e%2e/${MARK}`, { headers: { [MARK]: MARK } })
  await send(`/v1/alerts/${MARK}/${MARK}`, asked)
  await send('/v1/alerts', { ...post, body: MARK })
  await send('/v1/alerts', { ...post, body: Buffer.concat([body, Buffer.from(MARK)]) })
  await send('/v1/feed', { headers: { authorization: `Bearer ${MARK}.${MARK}.${MARK}` } })
  const form = new URLSearchParams({ grant_type: MARK, client_assertion: MARK, scope: MARK })
  await send('/v1/token', { method: 'POST', body: form })
  await send('/v1/label/preview', { method: 'POST', body: `{"${MARK}": 1`, ...asked })
  // Into the log itself, past the gateway: the alarms are log lines, too.
  await hub.hub.parts.log.append('live.intake.PK-KP', [Buffer.from(MARK)])
  await hub.hub.parts.log.append('directory', [Buffer.from(MARK)])
  await hub.hub.parts.log.append('access', [Buffer.from(MARK)])
  await hub.hub.gateway.caughtUp()
  await hub.hub.audit.caughtUp()
  await expect
    .poll(() => hub.alarms.map(({ what }) => what), { timeout: 20_000 })
    .toEqual(expect.arrayContaining(['record-unreadable', 'frame-ignored']))
  for (const alarm of hub.alarms) alarmLogger(logTo, 'hub')(alarm)
  expect(lines.length).toBeGreaterThan(20)
  const secrets = [MARK, token, token.split('.')[2] ?? '', 'nacta', 'coordinator', 'feed-system']
  const found = lines.filter((line) =>
    [...secrets, 'INVESTIGATION'].some((one) => line.includes(one)),
  )
  expect(found).toEqual([])
  // By an allow-list: whatever a library adds shows here first.
  const fields = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))))
  const allowed =
    'level time pid hostname service msg reqId req res responseTime alarm topic offset why name stack'
  expect([...fields].filter((name) => !allowed.split(' ').includes(name))).toEqual([])
})
