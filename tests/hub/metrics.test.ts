import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { METRICS } from '#core/metrics/table.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

interface Scrape {
  readonly types: ReadonlyMap<string, string>
  /** By the name and labels as they stand there. */
  readonly samples: ReadonlyMap<string, number>
}

/** Reads the text format line by line; throws at the first that is none of it. */
const scrape = async (): Promise<Scrape> => {
  const answer = await hub.request('/metrics', {})
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  const text = Buffer.from(answer.bytes).toString()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line)
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '')
    if (line.startsWith('# ')) continue
    const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
    const found = new RegExp(`^(([a-z_]+)(?:\\{${label}(?:,${label})*\\})?) (\\S+)$`).exec(line)
    const [, series = '', name = '', value = ''] = found ?? []
    if (found === null || value === '' || Number.isNaN(Number(value))) throw new Error(line)
    if (samples.has(series)) throw new Error(`twice: ${series}`)
    if (!types.has(name.replace(/_(bucket|sum|count)$/, '')) && !types.has(name)) {
      throw new Error(`no type: ${line}`)
    }
    samples.set(series, Number(value))
  }
  return { types, samples }
}

const publish = async (): Promise<string> => {
  const alert = sampleAlert()
  await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  return alert.id
}

test('what a hub does is counted, and every line of it can be read', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, publish))
  await hub.settled()
  await hub.get('/v1/feed', 'nacta/coordinator')
  await hub.get(`/v1/alerts/ctd-kp/${ids[0]}`, 'nacta/coordinator')
  await hub.get('/v1/alerts/ctd-kp/00000000-0000-4000-8000-000000000000', 'nacta/coordinator')
  await hub.settled()
  const { types, samples } = await scrape()
  for (const [name, { kind }] of Object.entries(METRICS)) {
    if (types.has(name)) expect([name, types.get(name)]).toEqual([name, kind])
  }
  const gauges = Object.entries(METRICS).filter(([, { kind }]) => kind === 'gauge')
  expect(gauges.filter(([name]) => !types.has(name))).toEqual([])
  const value = (series: string) => samples.get(series)
  const published = 'rabta_publications_total{lane="urgent",outcome="accepted"}'
  expect(value(published)).toBe(10)
  expect(value('rabta_records_total{action="PUBLISH",outcome="ALLOWED"}')).toBe(10)
  expect(value('rabta_records_total{action="RELEASE",outcome="ALLOWED"}')).toBe(10)
  expect(value('rabta_records_total{action="READ",outcome="DENIED"}')).toBe(1)
  expect(value('rabta_refusals_total{code="not-found"}')).toBe(1)
  const posts = 'rabta_http_requests_total{method="POST",route="/v1/alerts",status="2xx"}'
  expect(value(posts)).toBe(10)
  expect(value('rabta_checkpoint_size_entries')).toBe(await hub.recordCount())
  expect(value('rabta_checkpoint_lag_entries')).toBe(0)
  expect(value('rabta_follower_lag_entries{follower="alerts"}')).toBe(0)
  expect(value('rabta_http_connections')).toBeGreaterThan(0)
  expect(value('rabta_memory_resident_bytes')).toBeGreaterThan(1e7)
  const appends = 'rabta_log_append_seconds_count{lane="ordinary"}'
  expect(value(appends)).toBe(value('rabta_log_append_seconds_bucket{lane="ordinary",le="+Inf"}'))
})

test('thousands of ids, names and paths that nobody has heard of make no new series', async () => {
  await publish()
  const strange = async (at: number): Promise<void> => {
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
    await Promise.all([
      hub.get(`/v1/alerts/ctd-kp/${id}`, 'nacta/coordinator'),
      fetch(`${hub.hub.url}/invented-${at}`).then((answer) => answer.text()),
      fetch(`${hub.hub.url}/v1/alerts/agency-${at}/${id}?q=${at}`, { method: 'DELETE' }),
    ])
  }
  for (let at = 0; at < 200; at += 1) await strange(at)
  // The first look is itself counted only behind it.
  await scrape()
  const before = await scrape()
  for (let at = 200; at < 1_200; at += 1) await strange(at)
  const after = await scrape()
  expect([...after.samples.keys()].toSorted()).toEqual([...before.samples.keys()].toSorted())
  const labels = [...after.samples.keys()].join('\n')
  expect(labels).not.toMatch(/invented|agency-|ctd-|nacta|[0-9a-f]{8}-/)
})

test('every metric in the alert rules is one that there is', () => {
  const text = readFileSync('deploy/alert-rules.yaml', 'utf8')
  const rules: { expr: string }[] = parse(text).groups.flatMap(
    (group: { rules: { expr: string }[] }) => group.rules,
  )
  const named = rules.flatMap(({ expr }) => expr.match(/rabta_[a-z_]+/g) ?? [])
  expect(named.length).toBeGreaterThan(10)
  const known = Object.keys(METRICS)
  expect(named.filter((name) => !known.includes(name.replace(/_bucket$/, '')))).toEqual([])
  // Values of a label that is not in its set would never match.
  const alarms = rules.flatMap(({ expr }) => /alarm=~?"([^"]+)"/.exec(expr)?.[1]?.split('|') ?? [])
  const values: readonly string[] = METRICS.rabta_alarms_total.labels.alarm
  expect(alarms.filter((alarm) => !values.includes(alarm))).toEqual([])
  const operations = readFileSync('docs/operations.md', 'utf8')
  expect(known.filter((name) => !operations.includes(`\`${name}\``))).toEqual([])
})
