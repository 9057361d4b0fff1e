import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { KINDS } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import type { AlertIndex, FeedFilter, NewAlert, PageQuery } from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import { agency, alertName } from '#tests/view-rows.ts'

const TOPICS = ['one', 'two', 'three', 'empty']
const ORIGINS = ['ctd-kp', 'ctd-sindh'].map(agency)

const label: fc.Arbitrary<Label> = fc.record({
  classification: fc.constantFrom('SECRET', 'RESTRICTED'),
  jurisdictions: fc.subarray(ALL_JURISDICTIONS.slice(0, 3), { minLength: 1 }),
  releasableTo: fc.constantFrom(null, [agency('nacta')]),
  caveats: fc.constant([]),
})

/** `gap`: how many offsets before this one hold nothing. */
const placed = fc.record({
  topic: fc.constantFrom('one', 'two', 'three'),
  gap: fc.nat({ max: 2 }),
  origin: fc.constantFrom(...ORIGINS),
  label,
  kind: fc.constantFrom(...KINDS.slice(0, 3)),
  precedence: fc.constantFrom(...PRECEDENCES),
  acceptedAtMs: fc.nat({ max: 20 }),
  expiresAtMs: fc.constantFrom(null, 50, 51, 100),
})

/** Seldom a list: five of them together would let hardly anything through. */
const some = <T>(values: readonly T[]) =>
  fc.oneof(
    { arbitrary: fc.constant(null), weight: 4 },
    { arbitrary: fc.subarray([...values], { minLength: 1 }), weight: 1 },
  )

const filter: fc.Arbitrary<FeedFilter> = fc.record({
  jurisdictions: some(ALL_JURISDICTIONS.slice(0, 3)),
  classifications: some(CLASSIFICATIONS),
  precedences: some(PRECEDENCES),
  kinds: some(KINDS.slice(0, 3)),
  origins: some(ORIGINS),
})

type Placed = NewAlert & { readonly topic: string }

const placeAll = (drawn: readonly (typeof placed extends fc.Arbitrary<infer T> ? T : never)[]) => {
  const next = new Map<string, number>()
  const alerts = drawn.map(({ topic, gap, ...alert }, number): Placed => {
    const offset = (next.get(topic) ?? 0) + gap
    next.set(topic, offset + 1)
    const { id } = alertName(number)
    const bytes = new Uint8Array([number])
    return { ...alert, id, topic, realm: 'live', offset, digest: bytes, frame: bytes, marks: [] }
  })
  return { alerts, next }
}

/** What the port promises, said as simply as can be. */
const expectedPage = (
  alerts: readonly Placed[],
  allowed: ReadonlySet<string>,
  query: PageQuery,
) => {
  const { kinds, precedences, origins, classifications, jurisdictions } = query.filter
  const wanted = alerts.filter(
    (one) =>
      one.offset >= (query.from.get(one.topic) ?? Number.POSITIVE_INFINITY) &&
      allowed.has(JSON.stringify([one.origin, one.label])) &&
      (one.expiresAtMs === null || one.expiresAtMs > query.nowMs) &&
      (kinds?.includes(one.kind) ?? true) &&
      (precedences?.includes(one.precedence) ?? true) &&
      (origins?.includes(one.origin) ?? true) &&
      (classifications?.includes(one.label.classification) ?? true) &&
      (jurisdictions?.some((code) => one.label.jurisdictions.some((own) => own === code)) ?? true),
  )
  const queues = TOPICS.map((topic) => wanted.filter((one) => one.topic === topic))
  const given: Placed[] = []
  while (given.length < query.limit) {
    const urgent = queues.filter((queue) => queue.some(({ precedence }) => precedence === 'FLASH'))
    const first = urgent.length > 0 ? urgent : queues
    const heads = first.flatMap((queue) => queue.slice(0, 1))
    const earliest = Math.min(...heads.map(({ acceptedAtMs }) => acceptedAtMs))
    const queue = first.find(([head]) => head?.acceptedAtMs === earliest)
    const head = queue?.shift()
    if (head === undefined) break
    given.push(head)
  }
  return { given, left: queues.flat() }
}

test('a page gives what the port promises, and its pages together give all, once', () => {
  const seen = { given: 0, urgent: 0 }
  fc.assert(
    fc.property(
      fc.array(placed, { maxLength: 60, size: 'max' }),
      fc.record({
        filter,
        nowMs: fc.constantFrom(0, 50, 75),
        limit: fc.integer({ min: 1, max: 9 }),
      }),
      fc.array(fc.nat({ max: 9 }), { minLength: TOPICS.length, maxLength: TOPICS.length }),
      fc.func(fc.boolean()),
      (drawn, request, starts, isAllowed) => {
        const { alerts, next } = placeAll(drawn)
        const index = openSqliteAlertIndex({ path: ':memory:', onReset: () => undefined })
        for (const [topic, end] of next) {
          index.apply(
            topic,
            alerts.filter((one) => one.topic === topic),
            end + 1,
          )
        }
        const labels = index.labels('live').filter(({ id }) => isAllowed(id))
        const allowed = new Set(labels.map(({ origin, label }) => JSON.stringify([origin, label])))
        const query: PageQuery = {
          ...request,
          realm: 'live',
          labelIds: labels.map(({ id }) => id),
          from: new Map(TOPICS.map((topic, place) => [topic, starts[place] ?? 0])),
        }
        expectAllPages(index, query, (page) => {
          const expected = expectedPage(alerts, allowed, page)
          seen.given += expected.given.length
          if (isOutOfTime(expected.given)) seen.urgent += 1
          return expected
        })
        index.close()
      },
    ),
    { numRuns: 300 },
  )
  // Else this would have looked at empty pages only.
  expect(seen.given).toBeGreaterThan(1_000)
  expect(seen.urgent).toBeGreaterThan(50)
})

/** Something of another topic was accepted before: as a FLASH, or what stands before one, is given. */
const isOutOfTime = (given: readonly Placed[]): boolean =>
  given.some(({ topic, acceptedAtMs }, at) =>
    given.slice(at).some((one) => one.topic !== topic && one.acceptedAtMs < acceptedAtMs),
  )

const expectAllPages = (
  index: AlertIndex,
  query: PageQuery,
  expected: (query: PageQuery) => ReturnType<typeof expectedPage>,
): void => {
  const { given, left } = expected(query)
  const page = index.page(query)
  expect(page.alerts.map(({ id }) => id)).toEqual(given.map(({ id }) => id))
  expect(page.alerts.map(({ topic }) => topic)).toEqual(given.map(({ topic }) => topic))
  for (const [topic, from] of query.from) {
    const head = left.find((one) => one.topic === topic)
    expect(page.next.get(topic)).toBe(head?.offset ?? Math.max(from, index.nextOffset(topic)))
  }
  if (page.alerts.length > 0) expectAllPages(index, { ...query, from: page.next }, expected)
}
