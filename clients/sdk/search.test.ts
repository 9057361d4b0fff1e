import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { forgetfulMemory } from '#clients/sdk/checkpoint-memory.ts'
import { feedPage } from '#clients/sdk/feed.ts'
import type { FoundRecord } from '#clients/sdk/found-record.ts'
import { givenTo } from '#clients/sdk/given-to.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { type Published, publish } from '#clients/sdk/publish.ts'
import { readAlert } from '#clients/sdk/read.ts'
import { readRecord, type SearchOptions, searchRecords } from '#clients/sdk/search.ts'
import type { Session } from '#clients/sdk/session.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { altering, HostileProxy } from '#tests/hostile-proxy.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
let hub: TestHub
let proxy: HostileProxy
let url = ''
let published: Published

beforeAll(async () => {
  hub = await openTestHub()
  proxy = new HostileProxy(() => hub.hub.url ?? '')
  url = await proxy.open()
  const bytes = await signAlert(sampleAlert(), [hub.home.alertSigner('ctd-kp')])
  published = await publish(sessionAt(hub, KP), bytes)
  await hub.settled()
  await feedPage(sessionAt(hub, 'nacta/coordinator'), {})
  await failureOf(readAlert(sessionAt(hub, 'ctd-sindh/analyst'), published))
  await hub.settled()
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
  hub.home.remove()
})
afterEach(() => {
  proxy.alter = (_path, answer) => answer
})

const auditor = () => sessionAt(hub, 'ctd-kp/security-officer', { url })
const nationalAuditor = () => sessionAt(hub, 'nacta/national-auditor', { url })

const search = async (session: Session, options: SearchOptions = {}) => {
  const records: FoundRecord[] = []
  for await (const page of searchRecords(session, options)) records.push(...page.records)
  return records
}

interface Leaf {
  index: number
  record: Record<string, unknown> | null
  bytes: string
}
interface Page {
  asOfIndex: number
  records: Leaf[]
  next: number | null
}
const onPage = (change: (page: Page) => void) =>
  altering('/v1/access-log/records', (page) => change(page as unknown as Page))

describe('a search', () => {
  test('gives what the auditor may see, newest first, whose places the log proves', async () => {
    const session = auditor()
    const records = await search(session, { filter: { alert: published } })
    const seen = records.map(({ content }) => [
      content?.action,
      content?.outcome,
      content?.principal,
    ])
    expect(seen).toEqual([
      ['READ', 'DENIED', 'ctd-sindh/analyst'],
      ['RELEASE', 'ALLOWED', 'nacta/coordinator'],
      ['PUBLISH', 'ALLOWED', KP],
    ])
    const inclusions = await new LogClient(session, forgetfulMemory()).verifyRecords(records)
    expect(inclusions.map(({ state }) => state)).toEqual(['included', 'included', 'included'])
  })

  test('goes on from page to page until the first leaf', async () => {
    const session = nationalAuditor()
    const all = await search(session, { limit: 3 })
    const head = await hub.hub.parts.log.head(ACCESS_TOPIC)
    expect(all.at(-1)?.index).toBe(0)
    expect(all.length).toBeGreaterThan(6)
    expect(all[0]?.index).toBeLessThan(head)
    const indexes = all.map(({ index }) => index)
    expect(indexes).toEqual(indexes.toSorted((a, b) => b - a))
  })

  test('by everything that can be asked gives the record that matches', async () => {
    const { index, content } = published.record
    const filter = {
      agency: published.origin,
      ...(content.principal && { principal: content.principal }),
      alert: published,
      action: 'PUBLISH',
      outcome: 'ALLOWED',
      fromMs: content.timeMs,
      toMs: content.timeMs + 1,
    } as const
    expect((await search(auditor(), { filter })).map((one) => one.index)).toEqual([index])
    expect(await search(auditor(), { filter: { ...filter, outcome: 'FAILED' } })).toEqual([])
  })

  test('is for auditors', async () => {
    const failure = await failureOf(search(sessionAt(hub, 'ctd-kp/analyst', { url })))
    expect(failure).toMatchObject({ name: 'HubRefusal', code: 'not-permitted' })
  })
})

describe('one record', () => {
  test('of one’s own allowed act needs no role', async () => {
    const record = await readRecord(sessionAt(hub, KP, { url }), published.record.index)
    expect(record).toEqual(published.record)
  })

  test('of somebody else is as none', async () => {
    const stranger = sessionAt(hub, 'ctd-sindh/analyst', { url })
    const failure = await failureOf(readRecord(stranger, published.record.index))
    expect(failure).toMatchObject({ name: 'HubRefusal', code: 'not-found' })
  })

  test('under another index is not taken', async () => {
    proxy.alter = altering('/v1/access-log/records', (leaf) => {
      leaf['index'] = published.record.index + 1
    })
    const failure = await failureOf(readRecord(sessionAt(hub, KP, { url }), published.record.index))
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code: 'answer-differs' })
  })
})

describe('who was given an alert', () => {
  test('is told by the records of it', async () => {
    const access = await givenTo(auditor(), published)
    const principals = (records: readonly { content: { principal: unknown } }[]) =>
      records.map(({ content }) => content.principal)
    expect(access).toMatchObject({ origin: 'ctd-kp', id: published.id, isComplete: true })
    expect(principals(access.published)).toEqual([KP])
    expect(principals(access.givenTo)).toEqual(['nacta/coordinator'])
    expect(principals(access.refusedTo)).toEqual(['ctd-sindh/analyst'])
    expect([access.acknowledgedBy, access.deadLettered]).toEqual([[], []])
    expect(access.asOfIndex).toBeGreaterThan(access.refusedTo[0]?.index ?? Number.NaN)
  })
})

describe('a hub that lies about records', () => {
  const lie = async (change: (page: Page) => void, options: SearchOptions = {}) => {
    proxy.alter = onPage(change)
    return failureOf(search(auditor(), { filter: { alert: published }, ...options }))
  }
  const onRecord = (change: (leaf: Leaf) => void) => (page: Page) => {
    const [leaf] = page.records
    if (leaf) change(leaf)
  }

  test.each<readonly [string, (page: Page) => void, string, string]>([
    [
      'in the readable form',
      onRecord((leaf) => Object.assign(leaf.record ?? {}, { principal: 'ctd-gb/analyst' })),
      'record-differs',
      'the readable form of record',
    ],
    [
      'by a member too many in the readable form',
      onRecord((leaf) => Object.assign(leaf.record ?? {}, { note: 'x' })),
      'record-differs',
      'the readable form of record',
    ],
    [
      'by no readable form',
      onRecord((leaf) => (leaf.record = null)),
      'record-differs',
      'the readable form of record',
    ],
    ['by doubles', ({ records }) => records.push(...records), 'answer-malformed', 'record'],
    ['by order', ({ records }) => records.reverse(), 'answer-malformed', 'record'],
    ['by a record from the future', (page) => (page.asOfIndex = 1), 'answer-malformed', 'record'],
    [
      'by a page that goes on from elsewhere',
      (page) => (page.next = 7),
      'answer-malformed',
      'next',
    ],
  ])('%s is found out', async (_what, change, code, detail) => {
    const failure = await lie(change)
    const message = expect.stringMatching(detail)
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code, detail: message })
  })

  test('by records that were not asked for is found out', async () => {
    const kept: string[] = []
    proxy.alter = (path, answer) => {
      if (path.startsWith('/v1/access-log/records')) kept.push(answer.body.toString())
      return answer
    }
    await search(auditor(), { filter: { alert: published } })
    proxy.alter = (path, answer) =>
      path.startsWith('/v1/access-log/records')
        ? { ...answer, body: Buffer.from(kept[0] ?? '') }
        : answer
    const failure = await failureOf(search(auditor(), { filter: { action: 'EXPORT' } }))
    expect(failure).toMatchObject({
      code: 'answer-differs',
      detail: expect.stringMatching(/^action of/),
    })
  })

  test('by a record that the log does not have is found out by the log', async () => {
    const session = auditor()
    const [record] = await search(session, { filter: { alert: published } })
    if (record === undefined) throw new Error('no record')
    const moved = { ...record, index: record.index - 1 }
    const log = new LogClient(session, forgetfulMemory())
    expect(await log.verifyRecord(moved)).toMatchObject({ state: 'other-leaf' })
  })
})
