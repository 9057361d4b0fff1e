import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { KINDS } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import type { AlertIndex, FeedFilter, NewAlert } from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import { agency, alertName } from '#tests/view-rows.ts'

const KP = 'live.alerts.PK-KP.SECRET'
const SINDH = 'live.alerts.PK-SD.SECRET'

let folder: string
let index: AlertIndex

const open = (): AlertIndex =>
  openSqliteAlertIndex({
    path: join(folder, 'alerts.db'),
    onReset: (why) => expect.fail(why),
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-alerts-'))
  index = open()
})
afterEach(() => {
  index.close()
  rmSync(folder, { recursive: true })
})

const LABEL: Label = {
  classification: 'SECRET',
  jurisdictions: ['PK-KP', 'PK-SD'],
  releasableTo: null,
  caveats: [],
}
const NARROW: Label = {
  classification: 'SECRET',
  jurisdictions: ['PK-KP'],
  releasableTo: [agency('ctd-kp'), agency('ctd-sindh')],
  caveats: ['JUVENILE', 'ORCON'],
}
const ANY: FeedFilter = {
  jurisdictions: null,
  classifications: null,
  precedences: null,
  kinds: null,
  origins: null,
}

const alert = (offset: number, other: Partial<NewAlert> = {}): NewAlert => ({
  ...alertName(offset),
  realm: 'live',
  offset,
  digest: new Uint8Array(32).fill(offset),
  label: LABEL,
  kind: 'THREAT_ALERT',
  precedence: 'PRIORITY',
  acceptedAtMs: 1_760_000_000_000 + offset,
  expiresAtMs: null,
  frame: new Uint8Array(100).fill(offset),
  marks: [],
  ...other,
})

const pageOf = (query: Partial<Parameters<AlertIndex['page']>[0]>) =>
  index.page({
    realm: 'live',
    from: new Map([[KP, 0]]),
    labelIds: index.labels('live').map(({ id }) => id),
    filter: ANY,
    nowMs: 0,
    limit: 100,
    ...query,
  })

const offsetsOf = (query: Parameters<typeof pageOf>[0]): readonly number[] =>
  pageOf(query).alerts.map(({ offset }) => offset)

test('an alert is found as it was applied, with its topic and label', () => {
  const one = alert(3, { label: NARROW, expiresAtMs: 1_770_000_000_000, kind: 'RECALL' })
  index.apply(KP, [one], 5)
  index.close()
  index = open()
  const [label] = index.labels('live')
  expect(label).toMatchObject({ origin: 'ctd-kp', label: NARROW })
  const { marks: _, ...found } = one
  expect(index.find('live', one)).toEqual({ ...found, topic: KP, labelId: label?.id })
  expect(index.find('live', alertName(4))).toBeNull()
  expect(index.find('exercise', one)).toBeNull()
  expect(index.nextOffset(KP)).toBe(5)
  expect(index.nextOffset(SINDH)).toBe(0)
})

test('every kind and precedence comes back as it went in', () => {
  const all = KINDS.flatMap((kind) => PRECEDENCES.map((precedence) => ({ kind, precedence })))
  index.apply(
    KP,
    all.map((one, offset) => alert(offset, one)),
    all.length,
  )
  expect(pageOf({}).alerts).toMatchObject(all)
})

test('kinds and precedences are stored by place: who moves one, raises the schema number', () => {
  expect([...KINDS]).toEqual([
    ...['THREAT_ALERT', 'INFORMATION_REPORT', 'SITUATION_REPORT', 'LOOKOUT', 'PROSCRIPTION'],
    ...['FINANCING_INDICATOR', 'REQUEST', 'RESPONSE', 'RECALL', 'SYSTEM_NOTICE'],
  ])
  expect([...PRECEDENCES]).toEqual(['ROUTINE', 'PRIORITY', 'IMMEDIATE', 'FLASH'])
})

test('the first alert of a realm, origin and id stays, and a double brings no label', () => {
  index.apply(KP, [alert(0), alert(1, { ...alertName(0), label: NARROW })], 2)
  index.apply(SINDH, [alert(0, { label: NARROW })], 1)
  expect(index.find('live', alertName(0))).toMatchObject({ topic: KP, offset: 0 })
  expect(index.labels('live')).toHaveLength(1)
  expect(
    pageOf({
      from: new Map([
        [KP, 0],
        [SINDH, 0],
      ]),
    }).alerts,
  ).toHaveLength(1)
})

test('labels are told once for each origin, apart by realm, and keep their ids', () => {
  const sindh = alertName(3, 'ctd-sindh')
  index.apply(KP, [alert(0), alert(1), alert(2, { label: NARROW }), alert(3, sindh)], 4)
  const before = index.labels('live')
  expect(before.map(({ origin, label }) => ({ origin, label }))).toEqual([
    { origin: 'ctd-kp', label: LABEL },
    { origin: 'ctd-kp', label: NARROW },
    { origin: 'ctd-sindh', label: LABEL },
  ])
  expect(index.labels('exercise')).toEqual([])
  index.apply('exercise.alerts.PK-KP.SECRET', [alert(0, { realm: 'exercise' })], 1)
  index.apply(KP, [alert(4, { label: { ...LABEL, caveats: ['ORCON'] } })], 5)
  expect(index.labels('live').slice(0, 3)).toEqual(before)
  const ids = [...index.labels('live'), ...index.labels('exercise')].map(({ id }) => id)
  expect(new Set(ids).size).toBe(5)
})

test('a call that throws half-way has changed nothing, in memory neither', () => {
  index.apply(KP, [alert(0)], 1)
  const broken = alert(2, { acceptedAtMs: Number.NaN })
  expect(() => index.apply(KP, [alert(1, { label: NARROW }), broken], 3)).toThrow()
  expect(() => index.apply(SINDH, [alert(1, { label: NARROW }), broken], 3)).toThrow()
  expect(index.labels('live')).toHaveLength(1)
  expect(index.nextOffset(KP)).toBe(1)
  expect(index.nextOffset(SINDH)).toBe(0)
  expect(index.find('live', alertName(1))).toBeNull()
  expect(offsetsOf({})).toEqual([0])
})

test('an offset never goes back, and alerts outside of what is applied are refused', () => {
  index.apply(KP, [alert(0)], 5)
  expect(() => index.apply(KP, [], 4)).toThrow(RangeError)
  expect(() => index.apply(KP, [alert(4)], 6)).toThrow(RangeError)
  expect(() => index.apply(KP, [alert(6)], 6)).toThrow(RangeError)
})

describe('a recall', () => {
  const recalls = ({ id, digest }: NewAlert): NewAlert['marks'] => [
    { relation: 'RECALLS', id, digest },
  ]
  const recallOf = (one: NewAlert, offset: number, other: Partial<NewAlert> = {}): NewAlert =>
    alert(offset, { kind: 'RECALL', marks: recalls(one), ...other })
  const ids = () => index.labels('live').map(({ id }) => id)
  const recallsOf = ({ realm, origin, id }: NewAlert) => {
    const found = index.find(realm, { origin, id })
    return found === null ? null : index.recallsOf(found)
  }
  const query = (sinceMs = 0, limit = 10, labelIds = ids()) =>
    index.recalls({ realm: 'live', sinceMs, labelIds, limit })

  test('is known whether it comes before or after what it recalls, and after a restart', () => {
    const [first, second] = [alert(0), alert(3)]
    index.apply(KP, [first, recallOf(first, 1), recallOf(second, 2)], 3)
    expect(query().recalls.map(({ id }) => id)).toEqual([alertName(1).id])
    const mark = index.recallsMark()
    index.apply(KP, [second], 4)
    expect(index.recallsMark()).not.toBe(mark)
    for (const one of [1, 2]) {
      expect([recallsOf(first), recallsOf(second)]).toEqual([[alertName(1).id], [alertName(2).id]])
      expect(query().recalls.map(({ id }) => id)).toEqual([alertName(2).id, alertName(1).id])
      if (one === 1) index.close()
      if (one === 1) index = open()
    }
    const untouched = index.recallsMark()
    index.apply(KP, [alert(4)], 5)
    expect(index.recallsMark()).toBe(untouched)
  })

  test('counts only with the same realm, origin, digest and label, and for no recall', () => {
    const one = alert(0)
    const sindhs = { ...alertName(3, 'ctd-sindh') }
    index.apply(
      KP,
      [
        one,
        recallOf(one, 1, { label: NARROW }),
        recallOf({ ...one, digest: new Uint8Array(32).fill(9) }, 2),
        recallOf(one, 3, sindhs),
        recallOf(alert(5), 4),
        recallOf(one, 5, { marks: [] }),
      ],
      6,
    )
    index.apply('exercise.alerts.PK-KP.SECRET', [recallOf(one, 6, { realm: 'exercise' })], 7)
    expect([recallsOf(one), recallsOf(alert(5))]).toEqual([[], []])
    expect(query()).toEqual({ recalls: [], isCut: false })
  })

  test('is given with what it recalls, by time and label, the newest first, and says when there are more', () => {
    const [one, other] = [alert(0), alert(1, { label: NARROW })]
    index.apply(KP, [one, other, recallOf(one, 2), recallOf(other, 3, { label: NARROW })], 4)
    expect(query(1_760_000_000_003).recalls).toEqual([
      {
        origin: 'ctd-kp',
        id: alertName(3).id,
        digest: new Uint8Array(32).fill(3),
        label: NARROW,
        acceptedAtMs: 1_760_000_000_003,
        recalls: { id: other.id, digest: other.digest },
      },
    ])
    expect(query(0, 1)).toMatchObject({ recalls: [{ id: alertName(3).id }], isCut: true })
    expect(query(0, 2).isCut).toBe(false)
    const [wide = -1] = ids()
    expect(query(0, 10, [wide]).recalls.map(({ id }) => id)).toEqual([alertName(2).id])
  })

  test('of several, the first to be accepted is named first; so it is with corrections', () => {
    const one = alert(0)
    const supersedes = [{ ...one, relation: 'SUPERSEDES' as const }]
    index.apply(
      KP,
      [
        one,
        recallOf(one, 1, { acceptedAtMs: 9 }),
        recallOf(one, 2, { acceptedAtMs: 8 }),
        alert(3, { marks: supersedes, label: NARROW, acceptedAtMs: 9 }),
        alert(4, { marks: [...supersedes, ...supersedes], acceptedAtMs: 8 }),
      ],
      5,
    )
    expect(recallsOf(one)).toEqual([alertName(2).id, alertName(1).id])
    const found = index.find('live', one)
    expect(found && index.supersededBy(found)).toBe(alertName(4).id)
  })
})

describe('a page', () => {
  test('stops at its limit and goes on from there without loss or double', () => {
    index.apply(
      KP,
      [0, 1, 2, 3, 4].map((offset) => alert(offset)),
      7,
    )
    const first = pageOf({ limit: 2 })
    expect(first.alerts.map(({ offset }) => offset)).toEqual([0, 1])
    const second = pageOf({ limit: 3, from: first.next })
    expect(second.alerts.map(({ offset }) => offset)).toEqual([2, 3, 4])
    expect(second.next).toEqual(new Map([[KP, 7]]))
    expect(pageOf({ from: second.next })).toEqual({ alerts: [], next: second.next })
  })

  test('merges topics by acceptance, and keeps the order within each', () => {
    const at = (acceptedAtMs: number, offset: number) => alert(offset, { acceptedAtMs })
    const later = (number: number) => ({ ...alertName(10 + number) })
    index.apply(KP, [at(10, 0), at(40, 1), at(5, 2)], 3)
    index.apply(
      SINDH,
      [at(20, 0), at(30, 1), at(50, 2)].map((one) => ({ ...one, ...later(one.offset) })),
      3,
    )
    const from = new Map([
      [KP, 0],
      [SINDH, 0],
    ])
    const given = pageOf({ from }).alerts.map(({ acceptedAtMs }) => acceptedAtMs)
    expect(given).toEqual([10, 20, 30, 40, 5, 50])
  })

  test('passes over what is denied, filtered out or expired, and does not come back to it', () => {
    index.apply(
      KP,
      [
        alert(0),
        alert(1, { label: NARROW }),
        alert(2, { kind: 'RECALL' }),
        alert(3, { precedence: 'FLASH' }),
        alert(4, { expiresAtMs: 1_000 }),
        alert(5),
      ],
      6,
    )
    const labelIds = index
      .labels('live')
      .flatMap(({ id, label }) => (label.releasableTo ? [] : [id]))
    const filter: FeedFilter = { ...ANY, kinds: ['THREAT_ALERT'], precedences: ['PRIORITY'] }
    const query = { labelIds, filter, nowMs: 1_000 }
    expect(offsetsOf(query)).toEqual([0, 5])
    expect(offsetsOf({ ...query, nowMs: 999 })).toEqual([0, 4, 5])
    expect(pageOf({ ...query, limit: 1 }).next).toEqual(new Map([[KP, 5]]))
  })

  test('filters by what the label says: jurisdictions, classification, origin', () => {
    const sindh = alertName(1, 'ctd-sindh')
    const secret = { ...LABEL, classification: 'TOP_SECRET' as const }
    index.apply(
      KP,
      [alert(0), alert(1, sindh), alert(2, { label: secret }), alert(3, { label: NARROW })],
      4,
    )
    expect(offsetsOf({ filter: { ...ANY, jurisdictions: ['PK-SD', 'PK-BA'] } })).toEqual([0, 1, 2])
    expect(offsetsOf({ filter: { ...ANY, jurisdictions: ['PK'] } })).toEqual([])
    expect(offsetsOf({ filter: { ...ANY, classifications: ['TOP_SECRET'] } })).toEqual([2])
    expect(offsetsOf({ filter: { ...ANY, origins: [agency('ctd-kp')] } })).toEqual([0, 2, 3])
    expect(offsetsOf({ filter: { ...ANY, kinds: [] } })).toEqual([])
  })

  test('reads only the topics it is asked for, and never sets a cursor back', () => {
    index.apply(KP, [alert(0)], 1)
    expect(pageOf({ from: new Map([[SINDH, 9]]) })).toEqual({
      alerts: [],
      next: new Map([[SINDH, 9]]),
    })
    expect(pageOf({ from: new Map([[KP, 9]]) }).next).toEqual(new Map([[KP, 9]]))
  })

  test('gives nothing of another realm, even for its labels and its topic', () => {
    const exercise = 'exercise.alerts.PK-KP.SECRET'
    index.apply(exercise, [alert(0, { realm: 'exercise' })], 1)
    const labelIds = index.labels('exercise').map(({ id }) => id)
    const from = new Map([[exercise, 0]])
    expect(pageOf({ from, labelIds }).alerts).toEqual([])
    expect(pageOf({ realm: 'exercise', from, labelIds }).alerts).toHaveLength(1)
  })

  test('ends behind the alert with which its frames pass the bytes of a page', () => {
    const frame = new Uint8Array(LIMITS.frameBytesMax)
    const fitting = Math.floor(LIMITS.pageBytesMax / frame.length)
    const count = fitting + 3
    index.apply(
      KP,
      Array.from({ length: count }, (_, offset) => alert(offset, { frame })),
      count,
    )
    const { alerts, next } = pageOf({ limit: count })
    expect(alerts).toHaveLength(fitting + 1)
    expect(next).toEqual(new Map([[KP, fitting + 1]]))
  })

  test('that stops half-way does not hold back the checkpoints of the database', () => {
    index.apply(KP, [alert(0), alert(1)], 2)
    pageOf({ limit: 1 })
    const frame = new Uint8Array(LIMITS.frameBytesMax)
    for (let offset = 2; offset < 80; offset += 1) {
      index.apply(KP, [alert(offset, { frame })], offset + 1)
    }
    expect(statSync(join(folder, 'alerts.db-wal')).size).toBeLessThan(60 * frame.length)
  })
})

test('urgent alerts are found by precedence and time of acceptance, the last first', () => {
  const at = 1_760_000_000_000
  index.apply(
    KP,
    [
      alert(0, { precedence: 'FLASH' }),
      alert(1, { precedence: 'IMMEDIATE', expiresAtMs: at }),
      alert(2, { precedence: 'FLASH', realm: 'exercise' }),
      alert(3),
      alert(4, { precedence: 'FLASH' }),
      alert(5, { precedence: 'FLASH' }),
    ],
    6,
  )
  const query = { realm: 'live', precedence: 'FLASH', fromMs: at, untilMs: at + 4 } as const
  const numbers = (other: object = {}) =>
    index.urgent({ ...query, limit: 9, ...other }).map(({ acceptedAtMs }) => acceptedAtMs - at)
  expect(numbers()).toEqual([4, 0])
  expect(numbers({ fromMs: at + 1 })).toEqual([4])
  expect(numbers({ untilMs: at + 5, limit: 2 })).toEqual([5, 4])
  expect(numbers({ realm: 'exercise' })).toEqual([2])
  const [immediate] = index.urgent({ ...query, precedence: 'IMMEDIATE', limit: 9 })
  expect(immediate).toMatchObject({ ...alertName(1), label: LABEL, expiresAtMs: at })
})
