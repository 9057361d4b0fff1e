import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Caller,
  callersOf,
  FEDERATION,
  ROLES,
  SPECIAL,
  STRANGERS,
} from '#tests/hub/route-callers.ts'
import {
  type Asked,
  ask,
  type Outcome,
  PATHS,
  publishAsked,
  REQUESTS,
} from '#tests/hub/route-requests.ts'
import { ROUTE_TABLE } from '#tests/hub/route-table.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

interface Block {
  readonly route: string
  /** By `row column`, or one for everyone. */
  readonly expected: ReadonlyMap<string, string>
}

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  special: Object.keys(SPECIAL),
  stranger: STRANGERS,
  everyone: ['everyone'],
}

const blockOf = (text: string): Block => {
  const [route = '', ...lines] = text.trim().split('\n')
  const meanings = new Map<string, string>()
  const expected = new Map<string, string>()
  for (const line of lines) {
    const [, letter = '', meaning] = /^ {2}(\w) = (.+)$/.exec(line) ?? []
    if (meaning !== undefined) meanings.set(letter, meaning)
    const [, row = '', cells] = /^ {2}([a-z]+(?: [a-z]+)?) {2,}([a-z ]+)$/.exec(line) ?? []
    if (cells === undefined) continue
    const columns = COLUMNS[row.split(' ').at(-1) ?? ''] ?? ROLES
    const letters = cells.split(' ')
    if (letters.length !== columns.length) throw new Error(`${route}: ${line}`)
    for (const [at, column] of columns.entries()) {
      const meant = meanings.get(letters[at] ?? '')
      if (meant === undefined) throw new Error(`${route}: ${line}: ${letters[at]}`)
      expected.set(row === 'everyone' ? 'everyone' : `${row} ${column}`, meant)
    }
  }
  return { route, expected }
}

const BLOCKS = ROUTE_TABLE.trim().split('\n\n').map(blockOf)

let hub: TestHub
let asked: Asked
let callers: readonly Caller[] = []

beforeAll(async () => {
  hub = await openTestHub(FEDERATION)
  asked = await publishAsked(hub)
  callers = await callersOf(hub)
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

/** What came, in the table's words, with the records that the access log has more. */
const wordsOf = async ({ status, code }: Outcome, before: number): Promise<string> => {
  const records = (await hub.records(before)).map(
    ({ action, outcome }) => `${outcome === 'ALLOWED' ? '+' : '-'}${action}`,
  )
  return [String(status), ...(code === null ? [] : [code]), ...records].join(' ')
}

const outcomesOf = async (
  expected: Block['expected'],
  askAs: (caller: Caller, givesAlert: boolean) => Promise<Outcome>,
): Promise<ReadonlyMap<string, string>> => {
  const came = new Map<string, string>()
  for (const caller of callers) {
    const before = await hub.recordCount()
    const outcome = await askAs(caller, expected.get(caller.name)?.includes('+') ?? false)
    came.set(caller.name, await wordsOf(outcome, before))
  }
  return came
}

const forAll = ({ expected }: Block): ReadonlyMap<string, string> => {
  const everyone = expected.get('everyone')
  return everyone === undefined
    ? expected
    : new Map(callers.map(({ name }) => [name, everyone] as const))
}

/** Sorted, since callers are asked in another order than rows are written. */
const shown = (outcomes: ReadonlyMap<string, string>): readonly string[] =>
  [...outcomes].map(([name, words]) => `${name}: ${words}`).sort()

const withoutCode = (words: string): string => words.replace(/ [a-z-]+(?= |$)/, '')

describe('the table of routes', () => {
  test('has every route that the hub has, and no other', () => {
    const registered = hub.hub.app.registeredRoutes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url}`)
    expect(registered.length).toBeGreaterThan(20)
    expect(BLOCKS.map(({ route }) => route).sort()).toEqual(registered.sort())
    expect([...Object.keys(PATHS), ...Object.keys(REQUESTS)].sort()).toEqual(registered)
  })

  test('has a cell for every caller', () => {
    expect(callers).toHaveLength(39)
    for (const { expected, route } of BLOCKS) {
      if (expected.has('everyone')) continue
      expect([...expected.keys()].sort(), route).toEqual(callers.map(({ name }) => name).sort())
    }
  })

  test.each(BLOCKS)('$route', async (block) => {
    const path = PATHS[block.route]
    const request = REQUESTS[block.route]
    const came = await outcomesOf(block.expected, async (caller, givesAlert) => {
      if (path !== undefined) return ask(hub, caller, path(asked), {})
      if (request === undefined) throw new Error(`nobody asks ${block.route}`)
      return request(hub, caller, { ...asked, givesAlert })
    })
    expect(shown(came)).toEqual(shown(forAll(block)))
  })

  test.each(BLOCKS.filter(({ route }) => PATHS[route]))(
    'HEAD is as $route, without a body',
    async (block) => {
      const path = PATHS[block.route]?.(asked) ?? ''
      const came = await outcomesOf(block.expected, (caller) =>
        ask(hub, caller, path, { method: 'HEAD' }),
      )
      const expected = new Map(
        [...forAll(block)].map(([name, words]) => [name, withoutCode(words)] as const),
      )
      expect(shown(came)).toEqual(shown(expected))
    },
  )
})
