import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { type FeedOptions, type FeedPage, feedPages } from '#clients/sdk/feed.ts'
import { publish } from '#clients/sdk/publish.ts'
import { readAlert } from '#clients/sdk/read.ts'
import type { Session } from '#clients/sdk/session.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import type { Release } from '#clients/sdk/verify-release.ts'
import { type AccessRecord, decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { base64, fromBase64 } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, envelopeFrom } from '#core/envelope.ts'
import { encodeStamp, type Stamp, stampFrom } from '#core/frame.ts'
import { enter } from '#tests/directory-entries.ts'
import { altering, HostileProxy } from '#tests/hostile-proxy.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub
let proxy: HostileProxy
let url = ''
let first: Alert
let second: Alert

beforeAll(async () => {
  hub = await openTestHub()
  proxy = new HostileProxy(() => hub.hub.url ?? '')
  url = await proxy.open()
  first = await publishNew()
  second = await publishNew()
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
  hub.home.remove()
})
afterEach(() => {
  proxy.alter = (_path, answer) => answer
})

const publishNew = async (changes: Partial<Alert> = {}): Promise<Alert> => {
  const alert = sampleAlert(changes)
  const exercise = alert.realm === 'exercise'
  const signer = exercise ? hub.home.exerciseSigner('ctd-kp') : hub.home.alertSigner('ctd-kp')
  const session = sessionAt(hub, KP, { realm: alert.realm })
  await publish(session, await signAlert(alert, [signer]))
  await hub.settled()
  return alert
}

const reader = (): Session => sessionAt(hub, COORDINATOR, { url })

const feed = async (session: Session, options: FeedOptions = {}): Promise<readonly Release[]> => {
  const items: Release[] = []
  for await (const page of feedPages(session, options)) items.push(...page.items)
  return items
}

/** Fault and detail of each item that is none; the alert's id of each that is one. */
const summary = (items: readonly Release[]) =>
  items.map((item) => (item.ok ? item.alert.id : [item.fault, item.detail]))

/** An item as it stands in a page, in the hands of who lies. */
interface Item {
  origin: string
  id: string
  signedAlert: string
  stamp: string
  record: { index: number; bytes: string }
}

const onItems = (change: (items: Item[]) => void) =>
  altering('/v1/feed', (page) => change(page['items'] as Item[]))

const decoded = (text: string | undefined): Uint8Array => fromBase64(text ?? '') ?? Uint8Array.of()

const stamping =
  (changes: Partial<Stamp>) =>
  (item: Item): void => {
    const stamp = stampFrom(decoded(item.stamp))
    item.stamp = stamp === null ? '' : base64(encodeStamp({ ...stamp, ...changes }))
  }

const recording =
  (changes: Partial<AccessRecord>) =>
  ({ record }: Item): void => {
    const content = decodeAccessRecord(decoded(record.bytes))
    record.bytes = content === null ? '' : base64(encodeAccessRecord({ ...content, ...changes }))
  }

describe('a feed', () => {
  test('gives verified alerts with the records of their release', async () => {
    const items = await feed(reader())
    const [one, two] = items
    if (!one?.ok || !two?.ok) throw new Error(JSON.stringify(summary(items)))
    expect([one.alert, two.alert]).toEqual([first, second])
    expect(two.record.content).toMatchObject({ action: 'RELEASE', principal: COORDINATOR })
    expect((await hub.records(two.record.index))[0]).toEqual(two.record.content)
    expect(two.record.index).toBeGreaterThan(two.stamp.publishRecord.index)
  })

  test('comes in pages whose cursors go on, and ends', async () => {
    const pages: FeedPage[] = []
    for await (const page of feedPages(reader(), { limit: 1 })) pages.push(page)
    const ids = pages.map(({ items }) => summary(items))
    expect(ids.filter((page) => page.length > 0)).toEqual([[first.id], [second.id]])
    const rest = await feed(reader(), { from: pages[0]?.cursor ?? '' })
    expect(summary(rest)).toEqual([second.id])
    expect(pages.map(({ isEnd }) => isEnd).indexOf(true)).toBe(pages.length - 1)
  })

  test('says the purpose and the filter that were asked', async () => {
    const purpose = { code: 'COORDINATION', caseReference: 'FIR-12/2026' } as const
    const [item] = await feed(reader(), { purpose, filter: { origins: [agencyId('ctd-kp')] } })
    expect(item?.ok && item.record.content.purpose).toEqual(purpose)
    expect(await feed(reader(), { filter: { kinds: ['LOOKOUT', 'RECALL'] } })).toEqual([])
  })

  test('can be followed until its signal aborts', async () => {
    const stopping = new AbortController()
    const seen: unknown[] = []
    const session = reader()
    const options = { from: 'now', pollMs: 20, signal: stopping.signal }
    const publishing = publishNew()
    for await (const { items } of feedPages(session, options)) {
      seen.push(...summary(items))
      if (seen.length > 0) stopping.abort()
    }
    expect(seen).toEqual([(await publishing).id])
  })

  test('that cannot be judged hands out nothing', async () => {
    proxy.alter = (path, answer) =>
      path.startsWith('/v1/directory') ? { ...answer, status: 502, body: Buffer.of() } : answer
    expect(await failureOf(feed(reader()))).toMatchObject({ name: 'HubUnreachable' })
  })
})

describe('a hub that lies about a release', () => {
  const seenWith = async (change: (items: Item[]) => void) => {
    proxy.alter = onItems(change)
    return summary(await feed(reader(), { limit: 2 })).slice(0, 2)
  }
  const onFirst = (change: (item: Item) => void) => (items: Item[]) => {
    const [item] = items
    if (item?.id === first.id) change(item)
  }

  test.each<readonly [string, (item: Item) => void, string, string | null]>([
    [
      'sends no alert',
      (item) => (item.signedAlert = 'AAAA'),
      'alert-unreadable',
      'envelope-malformed',
    ],
    [
      'names another alert',
      (item) => (item.id = item.id.replace(/.$/, otherDigit)),
      'other-alert',
      null,
    ],
    ['sends no base64', (item) => (item.stamp = 'AAA'), 'item-malformed', 'stamp'],
    [
      'sends no record',
      (item) => Reflect.deleteProperty(item, 'record'),
      'item-malformed',
      'record',
    ],
    ['sends no stamp', (item) => (item.stamp = 'AAAA'), 'stamp-unreadable', null],
    ['sends bytes for a record', (item) => (item.record.bytes = 'AAAA'), 'record-unreadable', null],
    ['stamps another digest', stamping({ digest: new Uint8Array(32) }), 'stamp-differs', 'digest'],
    ['stamps another realm', stamping({ realm: 'exercise' }), 'stamp-differs', 'name'],
    [
      'stamps a time before the key was known',
      stamping({ directorySequence: 3 }),
      'signature-refused',
      'key-unknown',
    ],
    [
      'stamps an entry that it does not give',
      stamping({ directorySequence: 9_999 }),
      'directory-behind',
      null,
    ],
    [
      'records another reader',
      recording({ principal: 'nacta/liaison' as AccessRecord['principal'] }),
      'record-differs',
      'principal',
    ],
    ['records a refusal', recording({ outcome: 'DENIED' }), 'record-differs', 'outcome'],
    [
      'records a purpose that was not said',
      recording({ purpose: { code: 'TRAINING', caseReference: null } }),
      'record-differs',
      'purpose',
    ],
    [
      'decided by another directory',
      recording({ directory: { sequence: 1, digest: new Uint8Array(32) } }),
      'directory-differs',
      null,
    ],
    [
      'recorded it before it was published',
      (item) => (item.record.index = 0),
      'record-before-publication',
      null,
    ],
  ])('who %s is found out', async (_what, change, fault, detail) => {
    expect(await seenWith(onFirst(change))).toEqual([[fault, detail], second.id])
  })

  const otherDigit = (digit: string): string => (digit === '0' ? '1' : '0')

  test('who swaps the records of two alerts is found out', async () => {
    const swap = (items: Item[]) => {
      const [one, two] = items
      if (one && two) [one.record, two.record] = [two.record, one.record]
    }
    const differs = ['record-differs', 'alert']
    expect(await seenWith(swap)).toEqual([differs, differs])
  })

  test('who gives one alert twice for one record is found out', async () => {
    const double = (items: Item[]) => items.splice(1, 1, items[0] as Item)
    expect(await seenWith(double)).toEqual([first.id, ['record-replayed', null]])
  })

  test('who shows the record of an earlier release again is found out', async () => {
    const session = reader()
    const [before] = await feed(session)
    const old = before?.ok ? before.record : null
    proxy.alter = onItems(
      onFirst((item) => {
        item.record = { index: old?.index ?? 0, bytes: base64(old?.bytes ?? Uint8Array.of()) }
      }),
    )
    expect(summary(await feed(session)).slice(0, 2)).toEqual([['record-replayed', null], second.id])
  })

  test('who changes a word, and all else to match, is stopped by the signature', async () => {
    const faults = await seenWith(
      onFirst((item) => {
        const bytes = Buffer.from(item.signedAlert, 'base64')
        bytes.write('Everything happened'.slice(0, 7), bytes.indexOf('Nothing'))
        item.signedAlert = bytes.toString('base64')
        const envelope = envelopeFrom(bytes, ALERT_PAYLOAD_TYPE)
        const digest = envelope.ok ? digestOf(envelope.value, sha256) : Uint8Array.of()
        stamping({ digest })(item)
        recording({ alert: { origin: first.origin, id: first.id, digest } })(item)
      }),
    )
    expect(faults).toEqual([['signature-refused', 'signature-invalid'], second.id])
  })

  test('who brings an alert of an exercise into the live feed is found out', async () => {
    const alert = await publishNew({ realm: 'exercise' })
    const exercise = sessionAt(hub, COORDINATOR, { url, realm: 'exercise' })
    const item = (await feed(exercise)).find((one) => one.ok && one.alert.id === alert.id)
    if (!item?.ok) throw new Error('the alert is not in the feed of the exercise')
    const faults = await seenWith((items) =>
      items.splice(0, 1, {
        origin: alert.origin,
        id: alert.id,
        signedAlert: base64(item.signedAlert),
        stamp: base64(encodeStamp(item.stamp)),
        record: { index: item.record.index, bytes: base64(item.record.bytes) },
      }),
    )
    expect(faults).toEqual([['other-realm', 'exercise'], second.id])
  })

  test('who sends more than was asked for is not believed at all', async () => {
    proxy.alter = onItems((items) => items.push(...items))
    const failure = await failureOf(feed(reader(), { limit: 1 }))
    expect(failure).toMatchObject({ code: 'answer-malformed', detail: 'items' })
  })

  test('leaves the evidence in the fault', async () => {
    proxy.alter = onItems(onFirst((item) => (item.stamp = 'AAAA')))
    const fault = (await feed(reader()))[0]
    expect(fault).toMatchObject({
      ok: false,
      name: { origin: 'ctd-kp', id: first.id },
      evidence: { stampBytes: new Uint8Array(3), record: { index: expect.any(Number) } },
    })
  })
})

describe('reading one alert', () => {
  test('gives it verified, with the record of the reading', async () => {
    const release = await readAlert(reader(), first)
    if (!release.ok) throw new Error(release.fault)
    expect(release.alert).toEqual(first)
    expect(release.record.content).toMatchObject({ action: 'READ', outcome: 'ALLOWED' })
  })

  test('that may not be read, or is not there, is the same refusal', async () => {
    const secret = await publishNew({ label: { ...first.label, classification: 'SECRET' } })
    const liaison = sessionAt(hub, 'nacta/liaison', { url })
    const refused = await failureOf(readAlert(liaison, secret))
    const absent = await failureOf(readAlert(liaison, sampleAlert()))
    for (const failure of [refused, absent]) {
      expect(failure).toMatchObject({ name: 'HubRefusal', status: 404, code: 'not-found' })
    }
  })

  test.each<readonly [string, (headers: Headers) => void, string, string | null]>([
    ['without a stamp', (headers) => headers.delete('rabta-stamp'), 'item-malformed', null],
    [
      'with a stamp in no form',
      (headers) => headers.set('rabta-stamp', 'x'),
      'item-malformed',
      null,
    ],
    ['without a record', (headers) => headers.delete('rabta-record'), 'item-malformed', null],
    [
      'with another stamp',
      (headers) => headers.set('rabta-stamp', ':AAAA:'),
      'stamp-unreadable',
      null,
    ],
  ])('%s gives a fault', async (_what, change, fault, detail) => {
    proxy.alter = (path, answer) => {
      if (path.startsWith('/v1/alerts')) change(answer.headers)
      return answer
    }
    expect(await readAlert(reader(), first)).toMatchObject({ ok: false, fault, detail })
  })

  test('with the record of a feed’s release gives a fault', async () => {
    const [released] = await feed(reader())
    const record = released?.ok ? released.record : null
    const bytes = base64(record?.bytes ?? Uint8Array.of())
    proxy.alter = (path, answer) => {
      if (path.startsWith('/v1/alerts')) {
        answer.headers.set('rabta-record', `${record?.index};bytes=:${bytes}:`)
      }
      return answer
    }
    const fault = { ok: false, fault: 'record-differs', detail: 'action' }
    expect(await readAlert(reader(), first)).toMatchObject(fault)
  })

  test('another than was asked for gives a fault', async () => {
    const honest = reader()
    const other = await readAlert(honest, second)
    if (!other.ok) throw new Error(other.fault)
    proxy.alter = (path, answer) =>
      path.startsWith('/v1/alerts') ? { ...answer, body: Buffer.from(other.signedAlert) } : answer
    expect(await readAlert(honest, first)).toMatchObject({ ok: false, fault: 'other-alert' })
  })
})

test('an alert whose key was compromised before it was accepted is a fault', async () => {
  const alert = await publishNew()
  const kept: Buffer[] = []
  proxy.alter = (path, answer) => {
    if (path.startsWith('/v1/feed')) kept.push(answer.body)
    return answer
  }
  await feed(reader(), { limit: 500 })
  await enter(hub, hub.home.administratorSigner('ctd-kp'), {
    type: 'KeyRevoked',
    keyId: hub.home.alertSigner('ctd-kp').keyId,
    compromisedSinceMs: Date.now() - 3_600_000,
  })
  proxy.alter = (path, answer) =>
    path.startsWith('/v1/feed') ? { ...answer, body: kept[0] ?? answer.body } : answer
  const items = await feed(reader(), { limit: 500 })
  const found = items.find((item) => !item.ok && item.name?.id === alert.id)
  expect(found).toMatchObject({ fault: 'key-compromised' })
})
