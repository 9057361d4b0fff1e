import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import type { PrincipalSet } from '#core/directory/entry.ts'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { enter } from '#tests/directory-entries.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, LIAISON, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import type { StreamReader } from '#tests/stream-reader.ts'
import type { TestHub } from '#tests/test-hub.ts'

let streams: StreamHub
let hub: TestHub

beforeEach(async () => {
  streams = await openStreamHub()
  hub = streams.hub
})
afterEach(async () => {
  await streams.close()
})

/** Who may read little: the other rights are gained one by one. */
const LITTLE: Partial<PrincipalSet> = {
  kind: 'SYSTEM',
  clearance: 'UNCLASSIFIED',
  jurisdictions: ['PK-SD'],
  caveats: [],
}

const page = async (from: unknown, query = '', principal = COORDINATOR) => {
  const { status, json } = await hub.get(`/v1/feed?from=${from}${query}`, principal)
  const items = (json['items'] ?? []) as readonly { readonly id: string }[]
  return { status, json, ids: items.map(({ id }) => id), next: String(json['next']) }
}

const isWidened = async (from: unknown) => (await page(from)).json['widened']

describe('a page', () => {
  test('says that rights have widened, until the reader holds the cursor that it came with', async () => {
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    const missed = await streams.publish()
    await hub.settled()
    const before = await page('earliest')
    expect([before.ids, before.json['widened']]).toEqual([[], false])
    expect(await isWidened(before.next)).toBe(false)
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    // Whoever loses this answer asks again with the same cursor, and is told again.
    expect(await isWidened(before.next)).toBe(true)
    const told = await page(before.next)
    expect([told.ids, told.json['widened']]).toEqual([[], true])
    expect(await isWidened(told.next)).toBe(false)
    const all = await page('earliest')
    expect([all.ids, all.json['widened']]).toEqual([[missed], false])
  })

  test.each<[string, Partial<PrincipalSet>]>([
    ['a clearance', { clearance: 'RESTRICTED' }],
    ['a jurisdiction', { jurisdictions: ['PK-KP', 'PK-SD'] }],
    ['another jurisdiction instead', { jurisdictions: ['PK-KP'] }],
    ['a caveat', { caveats: ['JUVENILE'] }],
    ['being a person', { kind: 'PERSON' }],
  ])('says so of %s', async (_what, change) => {
    await streams.set(COORDINATOR, LITTLE)
    const { next } = await page('now')
    await streams.set(COORDINATOR, { ...LITTLE, ...change })
    expect(await isWidened(next)).toBe(true)
  })

  test.each<[string, Partial<PrincipalSet>]>([
    ['at the end of a suspension', { suspended: true }],
    ['when the role of a subscriber comes back', { roles: [] }],
  ])('says so %s: without it everything was passed over', async (_what, change) => {
    const first = await page('now')
    await streams.set(COORDINATOR, change)
    const missed = await streams.publish()
    await hub.settled()
    const meanwhile = await page(first.next)
    expect([meanwhile.status, meanwhile.ids, meanwhile.json['widened']]).toEqual([200, [], false])
    await streams.set(COORDINATOR, {})
    expect(await isWidened(meanwhile.next)).toBe(true)
    // Who kept the cursor from before has missed nothing.
    const kept = await page(first.next)
    expect([kept.ids, kept.json['widened']]).toEqual([[missed], false])
  })

  test('says nothing when rights were narrowed, nor of roles that read nothing', async () => {
    await streams.set(COORDINATOR, {})
    const { next } = await page('now')
    for (const change of [
      { clearance: 'RESTRICTED' },
      { jurisdictions: ['PK-KP'] },
      { kind: 'SYSTEM' },
      {
        roles: [
          { realm: 'live', role: 'auditor' },
          { realm: 'live', role: 'subscriber' },
        ],
      },
    ] as const) {
      await streams.set(COORDINATOR, change)
      expect(await isWidened(next)).toBe(false)
    }
  })

  test('does not claim an alert that the directory took away while its record was written', async () => {
    const missed = await streams.publish()
    await hub.settled()
    const { accessLog } = hub.hub.gateway.deps
    const append: typeof accessLog.append = async (drafts) => {
      const written = await accessLog.append(drafts)
      if (drafts.length > 0) await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
      return written
    }
    const url = await streams.gatewayWith({ accessLog: { append } })
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const answer = await fetch(`${url}/v1/feed`, { headers: { authorization } })
    const taken = (await answer.json()) as { items: unknown[]; next: string }
    expect(taken.items).toEqual([])
    await streams.set(COORDINATOR, {})
    const back = await page(taken.next)
    expect([back.ids, back.json['widened']]).toEqual([[], true])
    expect((await page('earliest')).ids).toEqual([missed])
  })
})

test('another policy says so to all, for nobody can tell what it opens', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rabta-policy-'))
  cpSync('policy', folder, { recursive: true })
  const file = join(folder, 'read.cedar')
  writeFileSync(file, `// The same rules.\n${readFileSync(file, 'utf8')}`)
  const { next } = await page('now')
  await hub.close()
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, policyFolders: ['policy', folder] })
  const reader = await streams.open(COORDINATOR)
  await reader.until(({ heartbeats }) => heartbeats > 0)
  const { digest } = openCedarPolicy({ files: await readPolicyFolder(folder) })
  await enter(hub, hub.home.rootSigner, { type: 'PolicyActivated', digest })
  expect(await isWidened(next)).toBe(true)
  await reader.until(isTold)
  rmSync(folder, { recursive: true })
})

const isTold = ({ events }: StreamReader) => events.some(({ event }) => event === 'widened')
const toldTimes = ({ events }: StreamReader) =>
  events.filter(({ event }) => event === 'widened').length

describe('a live stream', () => {
  test('says so the moment that the directory does, without an id, and goes on', async () => {
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    const reader = await streams.open(COORDINATOR)
    await reader.until(({ heartbeats }) => heartbeats > 0)
    const missed = await streams.publish()
    await hub.settled()
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    await reader.until(isTold, 2_000)
    expect(reader.events).toEqual([{ event: 'widened', id: null, data: {} }])
    const next = await streams.publish()
    await reader.until(({ alertIds }) => alertIds.length > 0)
    expect([reader.alertIds, toldTimes(reader)]).toEqual([[next], 1])
    const all = await streams.open(COORDINATOR, { query: '?from=earliest' })
    await all.until(({ alertIds }) => alertIds.length === 2)
    expect([all.alertIds, toldTimes(all)]).toEqual([[missed, next], 0])
  })

  test('says so to one who resumes, and no more when it holds a cursor from after it', async () => {
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    const first = await streams.open(COORDINATOR)
    await first.until(({ heartbeats }) => heartbeats > 0)
    first.cut()
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    // Its first sign of life comes before the word, and so does not stand for it.
    const second = await streams.resume(COORDINATOR, first.lastId, '?from=now')
    await second.until(isTold)
    const third = await streams.resume(COORDINATOR, first.lastId)
    await third.until((reader) => isTold(reader) && reader.heartbeats === 2)
    third.cut()
    const fourth = await streams.resume(COORDINATOR, third.lastId)
    const id = await streams.publish()
    await fourth.until(({ alertIds }) => alertIds.length > 0)
    expect([fourth.alertIds, toldTimes(fourth)]).toEqual([[id], 0])
    expect(await isWidened(third.lastId)).toBe(false)
    expect(await isWidened(first.lastId)).toBe(true)
  })

  test('says nothing to others, nor when rights were narrowed', async () => {
    const [one, other] = [await streams.open(COORDINATOR), await streams.open(LIAISON)]
    await streams.set(COORDINATOR, { clearance: 'RESTRICTED', jurisdictions: ['PK-KP'] })
    await streams.set('nacta/somebody', { clearance: 'SECRET' })
    const id = await streams.publish()
    for (const reader of [one, other]) {
      await reader.until(({ alertIds }) => alertIds.includes(id))
      expect(toldTimes(reader)).toBe(0)
    }
  })

  test('says so again when what was narrowed in it is given back', async () => {
    const reader = await streams.open(COORDINATOR)
    await streams.set(COORDINATOR, { jurisdictions: ['PK-SD'] })
    const missed = await streams.publish()
    await hub.settled()
    const label = { ...sampleAlert().label, jurisdictions: ['PK-SD'] } as const
    const seen = await streams.publish({ label })
    await reader.until(({ alertIds }) => alertIds.length === 1)
    await streams.set(COORDINATOR, {})
    await reader.until(isTold)
    expect(reader.alertIds).toEqual([seen])
    expect((await page('earliest')).ids).toContain(missed)
  })
})
