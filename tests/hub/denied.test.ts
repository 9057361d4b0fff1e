import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessRecord } from '#core/access-record.ts'
import { type Caller, callersOf, FEDERATION } from '#tests/hub/route-callers.ts'
import { type Asked, publishAsked } from '#tests/hub/route-requests.ts'
import { type Answer, openTestHub, type TestHub } from '#tests/test-hub.ts'

/** The routes that name a thing which the caller may not see; `npm run bench` measures their times. */
const ROUTES = [
  'GET /v1/alerts/:origin/:id',
  'GET /v1/alerts/:origin/:id/export',
  'GET /v1/alerts/:origin/:id/status',
  'POST /v1/alerts/:origin/:id/acknowledgements',
  'GET /v1/access-log/records/:index',
  'GET /v1/access-log/records/:index/proof',
  'GET /v1/access-log/alerts/:origin/:id',
] as const

const NOTHING_ID = '00000000-0000-4000-8000-000000000000'
const NOTHING_INDEX = 1_000_000

let hub: TestHub
let asked: Asked
let callers: readonly Caller[] = []

beforeAll(async () => {
  hub = await openTestHub(FEDERATION)
  asked = await publishAsked(hub)
  callers = (await callersOf(hub)).filter(({ principal }) => principal !== null)
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

interface Shown {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly records: readonly string[]
}

/** All that a caller can see, and what an auditor could count. */
const shownOf = (answer: Answer, records: readonly AccessRecord[]): Shown => {
  const { requestId: _, ...body } = answer.json
  const { date: _date, 'x-request-id': _id, ...headers } = Object.fromEntries(answer.headers)
  return { status: answer.status, headers, body, records: records.map(shapeOf) }
}

/** Who did what; not the reasons, which only those may read who may know them. */
const shapeOf = ({ action, outcome, principal, realm, alert, searchTerms }: AccessRecord): string =>
  [action, outcome, principal, realm, alert?.origin, searchTerms?.length].join(' ')

const ask = async (route: string, caller: Caller, id: string, index: number): Promise<Shown> => {
  const [method = '', url = ''] = route.split(' ')
  const path = url.replace(':origin', 'ctd-kp').replace(':id', id).replace(':index', `${index}`)
  const before = await hub.recordCount()
  // To export takes a case; to the others it is one more thing on the record.
  const headers = {
    authorization: `Bearer ${caller.token}`,
    'rabta-purpose': 'PROSECUTION FIR:12/2026',
  }
  const answer = await hub.request(path, { method, headers })
  return shownOf(answer, await hub.records(before))
}

describe('what is denied', () => {
  test('is tried on every route that names an alert or a record', () => {
    const naming = hub.hub.app.registeredRoutes
      .filter(({ method, url }) => method !== 'HEAD' && /:(?:id|index)\b/.test(url))
      .map(({ method, url }) => `${method} ${url}`)
    expect([...ROUTES].sort()).toEqual(naming.sort())
  })

  test.each(ROUTES)('cannot be told from what does not exist: %s', async (route) => {
    let denied = 0
    for (const caller of callers) {
      const there = await ask(route, caller, asked.quietId, asked.recordIndex)
      if (there.status !== 404) continue
      denied += 1
      expect(there, caller.name).toEqual(await ask(route, caller, NOTHING_ID, NOTHING_INDEX))
      expect(there.records, caller.name).toHaveLength(1)
    }
    expect(denied).toBeGreaterThan(25)
  })
})
