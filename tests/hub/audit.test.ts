import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { decodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { base64, fromBase64, utf8 } from '#core/bytes.ts'
import { decodeBundle } from '#core/tlog/entry-bundle.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { openProofFile, parseProofFile } from '#core/tlog/proof-file.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { tilePath, tilesBetween } from '#core/tlog/tile.ts'
import { appendLeaves, EMPTY_EDGE, edgeRoot } from '#core/tlog/tree.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const PUBLISHER = 'ctd-kp/feed-system'
const READER = 'nacta/coordinator'
const OTHER_READER = 'ctd-punjab/duty-officer'
const KP_AUDITOR = 'ctd-kp/security-officer'
const PUNJAB_AUDITOR = 'ctd-punjab/security-officer'
const NATIONAL = 'nacta/national-auditor'
const RECORDS = '/v1/access-log/records'

interface Found {
  readonly index: number
  readonly bytes: string
  readonly record: Readonly<Record<string, unknown>> | null
}

let hub: TestHub
let alert: Alert
let released: { index: number; bytes: Uint8Array }

const foundIn = ({ json }: Answer): readonly Found[] => json['records'] as readonly Found[]
const textOf = ({ bytes }: Answer): string => new TextDecoder().decode(bytes)
const lastRecord = async () => (await hub.records((await hub.recordCount()) - 1))[0]

/** What is asked, and the one record that it makes. */
const askedOnce = async (path: string, principal: string, headers?: Record<string, string>) => {
  await hub.token(principal)
  const before = await hub.recordCount()
  const answer = await hub.get(path, principal, headers === undefined ? {} : { headers })
  expect(await hub.recordCount(), path).toBe(before + 1)
  return { answer, record: await lastRecord() }
}

beforeAll(async () => {
  hub = await openTestHub()
  alert = sampleAlert()
  await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), PUBLISHER)
  await hub.settled()
  const path = `/v1/alerts/ctd-kp/${alert.id}`
  expect((await hub.get(path, READER)).status).toBe(200)
  expect((await hub.get(path, OTHER_READER)).status).toBe(404)
  const records = await hub.records()
  const index = records.findIndex(
    ({ action, outcome }) => action === 'READ' && outcome === 'ALLOWED',
  )
  const [entry] = await hub.hub.parts.log.read(ACCESS_TOPIC, index, 1)
  released = { index, bytes: entry?.value ?? utf8('') }
  await hub.settled()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

describe('a search', () => {
  test('shows a national auditor everything, newest first, as the log has it', async () => {
    const { answer } = await askedOnce(RECORDS, NATIONAL)
    const found = foundIn(answer)
    const indexes = found.map(({ index }) => index)
    expect(indexes).toEqual(indexes.toSorted((a, b) => b - a))
    expect(answer.json['asOfIndex']).toBe((indexes[0] ?? 0) + 1)
    const own = found.find(({ index }) => index === released.index)
    expect(own?.bytes).toBe(base64(released.bytes))
    expect(own?.record).toMatchObject({ action: 'READ', principal: READER })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })

  test.each([
    [KP_AUDITOR, 'ctd-kp'],
    [PUNJAB_AUDITOR, 'ctd-punjab'],
  ])('shows %s what its agency did, and what was done with its alerts', async (who, agency) => {
    const { answer } = await askedOnce(`${RECORDS}?limit=500`, who)
    const everything = await hub.records()
    const isOwn = (index: number): boolean => {
      const record = everything[index]
      return record?.agency === agency || record?.alert?.origin === agency
    }
    const asOf = Number(answer.json['asOfIndex'])
    const expected = everything
      .map((_, index) => index)
      .filter((index) => index < asOf && isOwn(index))
    expect(foundIn(answer).map(({ index }) => index)).toEqual(expected.toReversed())
    expect(expected.length).toBeGreaterThan(0)
  })

  test('is refused to whoever is no auditor, with the reason', async () => {
    const { answer, record } = await askedOnce(RECORDS, READER)
    expect(answer.status).toBe(403)
    expect(answer.json).toMatchObject({ code: 'not-permitted', reasons: ['role-missing'] })
    expect(record).toMatchObject({ action: 'SEARCH', outcome: 'DENIED', reasons: ['role-missing'] })
  })

  test('in the exercise realm shows nothing of the live one', async () => {
    const answer = await hub.get(RECORDS, NATIONAL, { realm: 'exercise' })
    const realms = foundIn(answer).map(({ record }) => record?.['realm'])
    expect(new Set(realms)).toEqual(new Set(['exercise']))
  })

  test('filters by each thing that it can', async () => {
    const about = `origin=ctd-kp&id=${alert.id}`
    const ask = async (filter: string) =>
      foundIn(await hub.get(`${RECORDS}?limit=500&${filter}`, NATIONAL)).map(({ record }) => record)
    expect(await ask(`${about}&action=READ`)).toMatchObject([
      { outcome: 'DENIED', agency: 'ctd-punjab' },
      { outcome: 'ALLOWED', agency: 'nacta' },
    ])
    expect(await ask(`${about}&outcome=DENIED&agency=ctd-punjab`)).toHaveLength(1)
    expect(await ask(`${about}&principal=${READER}`)).toHaveLength(1)
    expect(await ask(`${about}&from=2100-01-01T00:00:00Z`)).toHaveLength(0)
    expect(await ask(`${about}&to=2020-01-01T00:00:00.000Z`)).toHaveLength(0)
    expect(await ask(`${about}&from=2020-01-01T00:00:00Z&action=PUBLISH`)).toHaveLength(1)
  })

  test('goes on where a page ended, and says when there is no more', async () => {
    const whole = foundIn(await hub.get(`${RECORDS}?limit=500&agency=ctd-kp`, NATIONAL))
    const pages: Found[] = []
    let next: unknown = whole.at(0)?.index ?? 0
    pages.push(...whole.slice(0, 1))
    while (next !== null) {
      const path = `${RECORDS}?limit=1&agency=ctd-kp&before=${next}`
      const answer = await hub.get(path, NATIONAL)
      expect(answer.headers.get('rabta-next')).toBe(String(answer.json['next'] ?? ''))
      pages.push(...foundIn(answer))
      next = answer.json['next']
    }
    expect(pages).toEqual(whole)
  })

  test('is recorded by a keyed hash of its filter: the same for the same filter', async () => {
    const first = await askedOnce(`${RECORDS}?action=READ&agency=ctd-kp`, NATIONAL)
    const again = await askedOnce(`${RECORDS}?agency=ctd-kp&action=READ`, NATIONAL)
    const other = await askedOnce(`${RECORDS}?agency=ctd-kp&action=TOKEN`, NATIONAL)
    expect(first.record?.searchTerms).toHaveLength(32)
    expect(again.record?.searchTerms).toEqual(first.record?.searchTerms)
    expect(other.record?.searchTerms).not.toEqual(first.record?.searchTerms)
  })

  test.each([
    'agency=CTD',
    'principal=nobody',
    'origin=ctd-kp',
    'origin=ctd-kp&id=12',
    'from=yesterday',
    'to=2026-11-24T00:00:00%2B05:00',
    'action=EVERYTHING',
    'limit=501',
    'before=-1',
  ])('of %s is not well formed', async (filter) => {
    const answer = await hub.get(`${RECORDS}?${filter}`, NATIONAL)
    expect([answer.status, answer.json['code']]).toEqual([400, 'request-invalid'])
  })

  test('comes as lines or as a table, too', async () => {
    const path = `${RECORDS}?origin=ctd-kp&id=${alert.id}&action=READ`
    const authorization = `Bearer ${await hub.token(NATIONAL)}`
    const headers = { authorization, accept: 'application/x-ndjson' }
    const lines = await (await fetch(`${hub.hub.url}${path}`, { headers })).text()
    const rows = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ record }) => record.outcome)).toEqual(['DENIED', 'ALLOWED'])
    const table = await hub.get(path, NATIONAL, { headers: { accept: 'text/csv' } })
    const [header, ...fields] = textOf(table).split('\r\n')
    expect(header).toMatch(/^"index","time","service"/)
    expect(fields[1]).toContain(`"${READER}","nacta","READ","ALLOWED","ctd-kp","${alert.id}"`)
    const none = await hub.get(path, NATIONAL, { headers: { accept: 'image/png' } })
    expect(none.status).toBe(406)
  })
})

describe('one record', () => {
  test('is for whoever it is about, for its agency, the originator and national auditors', async () => {
    for (const who of [READER, KP_AUDITOR, NATIONAL]) {
      const { answer, record } = await askedOnce(`${RECORDS}/${released.index}`, who)
      expect(answer.status, who).toBe(200)
      expect(answer.json['bytes']).toBe(base64(released.bytes))
      expect(record).toMatchObject({ action: 'SEARCH', outcome: 'ALLOWED', principal: who })
    }
  })

  test('that one may not see is as one that is not there', async () => {
    const paths = [released.index, 1_000_000].flatMap((index) => [
      `${RECORDS}/${index}`,
      `${RECORDS}/${index}/proof`,
    ])
    for (const who of [OTHER_READER, PUNJAB_AUDITOR]) {
      const seen = []
      for (const path of paths) {
        const { answer, record } = await askedOnce(path, who)
        const { requestId, ...body } = answer.json
        const headers = [...answer.headers.keys()].filter((name) => name !== 'date').toSorted()
        seen.push({ status: answer.status, body, headers, reasons: record?.reasons })
        expect(record?.outcome).toBe('DENIED')
      }
      expect(seen[0]?.status).toBe(404)
      expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1)
    }
  })

  test('of the live realm is not there for an exercise', async () => {
    for (const path of [
      `${RECORDS}/${released.index}`,
      `/v1/access-log/alerts/ctd-kp/${alert.id}`,
    ]) {
      expect((await hub.get(path, NATIONAL)).status).toBe(200)
      expect((await hub.get(path, NATIONAL, { realm: 'exercise' })).status).toBe(404)
    }
  })

  test('of one’s own refusal stays with auditors', async () => {
    const records = await hub.records()
    const refused = records.findIndex(
      ({ principal, action, outcome }) =>
        principal === OTHER_READER && action === 'READ' && outcome === 'DENIED',
    )
    expect((await hub.get(`${RECORDS}/${refused}`, OTHER_READER)).status).toBe(404)
    expect((await hub.get(`${RECORDS}/${refused}`, PUNJAB_AUDITOR)).status).toBe(200)
    expect((await hub.get(`${RECORDS}/${refused}`, KP_AUDITOR)).status).toBe(200)
  })

  test('that cannot be read is for national auditors, with an alarm', async () => {
    const [index = 0] = await hub.hub.parts.log.append(ACCESS_TOPIC, [utf8('not a record')])
    await hub.settled()
    expect(hub.alarms).toContainEqual({
      what: 'record-unreadable',
      topic: ACCESS_TOPIC,
      offset: index,
    })
    const answer = await hub.get(`${RECORDS}/${index}`, NATIONAL)
    expect(answer.json).toEqual({ index, record: null, bytes: base64(utf8('not a record')) })
    expect((await hub.get(`${RECORDS}/${index}/proof`, NATIONAL)).status).toBe(200)
    expect((await hub.get(`${RECORDS}/${index}`, KP_AUDITOR)).status).toBe(404)
    expect((await hub.get(`${RECORDS}/${index}`, NATIONAL, { realm: 'exercise' })).status).toBe(404)
  })
})

describe('a proof', () => {
  test('verifies offline, from the bytes in the reader’s hands', async () => {
    const { answer, record } = await askedOnce(`${RECORDS}/${released.index}/proof`, READER)
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(record).toMatchObject({ action: 'PROOF', outcome: 'ALLOWED' })
    const file = parseProofFile(answer.bytes)
    if (file === null) throw new Error('no proof file')
    const { trust } = hub.hub.audit.deps
    const hash = leafHash(sha256, released.bytes)
    expect(await openProofFile(sha256, file, hash, trust)).toMatchObject({ ok: true })
    expect(file.extra).toEqual(released.bytes)
    const forged = leafHash(sha256, utf8('another record'))
    expect(await openProofFile(sha256, file, forged, trust)).toMatchObject({ why: 'not-included' })
  })

  test('of a record that was just written waits for its checkpoint', async () => {
    const path = `${RECORDS}/${await hub.recordCount()}/proof`
    await hub.get(RECORDS, NATIONAL)
    expect((await hub.get(path, NATIONAL)).status).toBe(200)
  })

  test('comes as JSON, too', async () => {
    const headers = { accept: 'application/json' }
    const answer = await hub.get(`${RECORDS}/${released.index}/proof`, READER, { headers })
    expect(answer.json).toMatchObject({ index: released.index, bytes: base64(released.bytes) })
  })
})

describe('the log for everyone', () => {
  const get = (path: string) => hub.request(`/v1/access-log/${path}`, {})

  test('is a checkpoint whose tiles make its root', async () => {
    const answer = await get('checkpoint')
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const opened = await openCheckpoint(answer.bytes, hub.hub.audit.deps.trust)
    if (!opened.ok) throw new Error(opened.why)
    const { size, root } = opened.checkpoint
    const entries = await hub.hub.parts.log.read(ACCESS_TOPIC, 0, size)
    const hashes = entries.map(({ value }) => leafHash(sha256, value))
    const tree = appendLeaves(sha256, EMPTY_EDGE, hashes)
    expect(edgeRoot(sha256, tree.edge)).toEqual(root)
    for (const tile of tilesBetween(0, size)) {
      const served = await get(tilePath(tile))
      const right = tree.tiles.find(
        ({ level, index }) => level === tile.level && index === tile.index,
      )
      expect(new Uint8Array(served.bytes)).toEqual(right?.hashes.slice())
      expect(served.headers.get('cache-control')).toMatch(/public.*immutable/)
    }
    const narrow = await get('tile/0/000.p/3')
    expect(narrow.bytes).toHaveLength(3 * 32)
  })

  test.each([
    'tile/0/000',
    'tile/0/001',
    'tile/9/000',
    'tile/0/000.p/0',
    'tile/0/00',
    'tile/x/..%2f..',
    'tile/64/000.p/1',
    'tile/0/000.p/256',
  ])('has no %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  test('has no entries: they are for national auditors, of the live realm, and recorded', async () => {
    const path = '/v1/access-log/tile/entries/000.p/3'
    expect((await hub.request(path, {})).status).toBe(401)
    for (const who of [READER, KP_AUDITOR]) {
      const { answer, record } = await askedOnce(path, who)
      expect([answer.status, answer.json['code']]).toEqual([403, 'not-permitted'])
      expect(record).toMatchObject({ outcome: 'DENIED', reasons: ['role-missing'] })
    }
    expect((await hub.get(path, NATIONAL, { realm: 'exercise' })).status).toBe(403)
    const { answer, record } = await askedOnce(path, NATIONAL)
    expect(record).toMatchObject({ action: 'SEARCH', outcome: 'ALLOWED' })
    const entries = decodeBundle(answer.bytes, 3)
    const first = await hub.hub.parts.log.read(ACCESS_TOPIC, 0, 3)
    expect(entries).toEqual(first.map(({ value }) => value))
    expect(decodeAccessRecord(entries?.[0] ?? utf8(''))).not.toBeNull()
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    expect((await hub.get('/v1/access-log/tile/entries/000', NATIONAL)).status).toBe(404)
  })
})

describe('who was given an alert', () => {
  const path = () => `/v1/access-log/alerts/ctd-kp/${alert.id}`

  test('the originator’s and national auditors learn', async () => {
    for (const who of [KP_AUDITOR, NATIONAL]) {
      const { answer, record } = await askedOnce(path(), who)
      expect(answer.json).toMatchObject({
        published: [{ principal: PUBLISHER }],
        givenTo: [{ principal: READER, agency: 'nacta', action: 'READ', index: released.index }],
        refusedTo: [{ principal: OTHER_READER, agency: 'ctd-punjab' }],
        acknowledgedBy: [],
        deadLettered: [],
        isComplete: true,
      })
      expect(record?.alert).toMatchObject({ origin: 'ctd-kp', id: alert.id })
    }
  })

  test('nobody else learns, nor that there is such an alert', async () => {
    const unknown = '/v1/access-log/alerts/ctd-kp/00000000-0000-4000-8000-000000000000'
    for (const who of [PUNJAB_AUDITOR, READER, OTHER_READER]) {
      for (const asked of [path(), unknown]) {
        const { answer, record } = await askedOnce(asked, who)
        expect([answer.status, answer.json['code']]).toEqual([404, 'not-found'])
        expect(record?.outcome).toBe('DENIED')
      }
    }
    expect((await hub.get(unknown, NATIONAL)).status).toBe(404)
  })
})

describe('the service', () => {
  test('is ready, by a record that went all the way', async () => {
    const answer = await hub.request('/health/ready', {})
    expect(answer.json['checks']).toEqual(
      expect.arrayContaining([
        { name: 'access-log', status: 'ok' },
        { name: 'record-index', status: 'ok' },
        { name: 'intake-comparison', status: 'ok' },
      ]),
    )
  })

  test('goes on after a restart with the tree that it signed', async () => {
    await hub.settled()
    const before = hub.hub.audit.deps.published.current
    await hub.close()
    await hub.open()
    expect(hub.hub.audit.deps.published.current?.size).toBeGreaterThanOrEqual(before?.size ?? 0)
    await hub.settled()
    const proof = await hub.get(`${RECORDS}/${released.index}/proof`, READER)
    expect(parseProofFile(proof.bytes)?.extra).toEqual(fromBase64(base64(released.bytes)))
    expect(hub.alarms.map(({ what }) => what)).toEqual(['record-unreadable'])
  })
})
