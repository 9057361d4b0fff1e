import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { type DeliverOptions, deliver } from '#clients/cli/import/deliver.ts'
import { incidentAlert } from '#clients/cli/import/incident-alert.ts'
import { type IncidentRow, rowFrom } from '#clients/cli/import/incident-row.ts'
import { Expectation, type Sender } from '#clients/cli/import/sender.ts'
import { openSession } from '#clients/sdk/session.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { isPrincipalId } from '#core/principal.ts'
import { sampleCells } from '#tests/incident-cells.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

let lastEvent = 910_001
/** An event that the hub has not seen: not SECRET, not CONFIDENTIAL. */
const newRow = (): IncidentRow => {
  lastEvent += 10
  return rowOf(String(lastEvent))
}

const rowOf = (id: string): IncidentRow => {
  const result = rowFrom(sampleCells({ id }))
  if (!result.ok) throw new Error(result.problem.code)
  return result.row
}

type Fetch = typeof fetch

/** What goes over the wire, seen and disturbed on its way: the server is the real one. */
const senderWith = (
  changes: {
    readonly disturb?: (send: Fetch) => Fetch
    clock?: Clock
    readonly name?: string
  } = {},
): Sender & { readonly sent: string[] } => {
  const sent: string[] = []
  const principal = `ctd-sindh/${changes.name ?? 'feed-system'}`
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  const send: Fetch = (input, init) => fetch(input, init)
  const disturbed = changes.disturb?.(send) ?? send
  const session = openSession({
    gatewayUrl: hub.hub.url ?? '',
    realm: 'live',
    principal,
    authentication: hub.home.principalSigner(principal),
    genesisDigest: hub.home.founding.genesisDigest,
    audience: `${hub.home.issuer}/v1/token`,
    fetch: (input, init) => {
      if (isAboutAlerts(input)) sent.push(`${init?.method} ${textOf(init?.body)}`)
      return disturbed(input, init)
    },
    sha256,
    verify: verifySignature,
    clock: changes.clock ?? systemClock,
    random: randomBytes,
  })
  const key = hub.home.alertSigner('ctd-sindh')
  return { session, key, expectation: new Expectation(), sent }
}

const isAboutAlerts = (input: Parameters<Fetch>[0]): boolean => String(input).includes('/v1/alerts')
const textOf = (body: unknown): string =>
  body instanceof Uint8Array ? Buffer.from(body).toString('hex') : ''

const optionsWith = (changes: Partial<DeliverOptions> = {}): DeliverOptions => ({
  stop: new AbortController().signal,
  chance: () => 0,
  onPutOff: () => undefined,
  ...changes,
})
const options = optionsWith()

/** The nth POST of an alert, from 1, goes as `how` says; all else as ever. */
const atPost =
  (nth: number, how: (send: Fetch, ...request: Parameters<Fetch>) => Promise<Response>) =>
  (send: Fetch): Fetch => {
    let posts = 0
    return async (input, init) => {
      if (!isAboutAlerts(input) || init?.method !== 'POST') return send(input, init)
      posts += 1
      return posts === nth ? how(send, input, init) : send(input, init)
    }
  }

const publishesOf = async (row: IncidentRow): Promise<number> => {
  const { id } = incidentAlert(row, { realm: 'live', sentAtMs: 1, sha256 })
  const records = await hub.records()
  return records.filter(
    ({ action, outcome, alert }) =>
      action === 'PUBLISH' && outcome === 'ALLOWED' && alert?.id === id,
  ).length
}

describe('an event', () => {
  test('is published, and found there when it comes again', async () => {
    const row = newRow()
    expect(await deliver(senderWith(), row, options)).toEqual({ fate: 'published' })
    const sender = senderWith()
    expect(await deliver(sender, row, options)).toEqual({ fate: 'already-there' })
    expect(sender.sent).toEqual(['GET '])
    expect(await publishesOf(row)).toBe(1)
  })

  test('is published by two runs at once, once', async () => {
    const row = newRow()
    const runs = Array.from({ length: 8 }, () => deliver(senderWith(), row, options))
    const fates = (await Promise.all(runs)).map(({ fate }) => fate)
    expect(fates.filter((fate) => fate === 'published')).toHaveLength(1)
    expect(fates.filter((fate) => fate === 'already-there')).toHaveLength(7)
  })
})

describe('an answer that is lost', () => {
  test('is asked for again with the very same bytes, and the alert is there once', async () => {
    const row = newRow()
    const disturb = atPost(1, async (send, ...request) => {
      await send(...request)
      throw new TypeError('the connection was cut')
    })
    const sender = senderWith({ disturb })
    expect(await deliver(sender, row, options)).toEqual({ fate: 'published' })
    const posts = sender.sent.filter((one) => one.startsWith('POST'))
    expect(posts).toHaveLength(2)
    expect(new Set(posts).size).toBe(1)
    expect(await publishesOf(row)).toBe(1)
  })

  test('with the run that waited for it is found by the next run', async () => {
    const row = newRow()
    const stopping = new AbortController()
    const disturb = atPost(1, async (send, ...request) => {
      await send(...request)
      stopping.abort()
      throw new TypeError('the connection was cut')
    })
    const stopped = optionsWith({ stop: stopping.signal })
    const fate = await deliver(senderWith({ disturb }), row, stopped)
    expect(fate).toEqual({ fate: 'failed', why: 'unreachable' })
    expect(await deliver(senderWith(), row, options)).toEqual({ fate: 'already-there' })
  })

  test.each([429, 500, 503])('and one of status %i is no last word', async (status) => {
    const body = JSON.stringify({ status, code: 'outcome-unknown', title: 'Unknown.' })
    const headers = { 'content-type': 'application/problem+json' }
    const disturb = atPost(1, async () => new Response(body, { status, headers }))
    const whys: string[] = []
    const told = optionsWith({ onPutOff: (why) => whys.push(why) })
    const fate = await deliver(senderWith({ disturb }), newRow(), told)
    expect(fate).toEqual({ fate: 'published' })
    expect(whys).toEqual(['outcome-unknown'])
  })
})

describe('an id that is taken', () => {
  test('between asking and publishing is the work of another run', async () => {
    const row = newRow()
    const disturb = atPost(1, async (send, ...request) => {
      expect(await deliver(senderWith(), row, options)).toEqual({ fate: 'published' })
      return send(...request)
    })
    expect(await deliver(senderWith({ disturb }), row, options)).toEqual({ fate: 'already-there' })
    expect(await publishesOf(row)).toBe(1)
  })

  test('is found also when nothing was asked first', async () => {
    const row = newRow()
    const sentAtMs = Date.now()
    const alert = incidentAlert(row, { realm: 'live', sentAtMs, sha256 })
    const before = await signed(alert, hub.home.alertSigner('ctd-sindh'))
    expect(await hub.publish(before, 'ctd-sindh/feed-system')).toMatchObject({ status: 201 })
    const sender = senderWith()
    for (let at = 0; at < LIMITS.importAbsentInARowMax; at += 1) sender.expectation.wasAbsent()
    expect(sender.expectation.asksFirst).toBe(false)
    expect(await deliver(sender, row, options)).toEqual({ fate: 'already-there' })
    expect(sender.expectation.asksFirst).toBe(true)
  })
})

test('a file that is new to the hub leaves few refusals in the access log', async () => {
  const sender = senderWith()
  const before = await hub.recordCount()
  for (let rows = 0; rows < 20; rows += 1) await deliver(sender, newRow(), options)
  const records = await hub.records(before)
  const refusals = records.filter(({ outcome }) => outcome === 'DENIED')
  expect(refusals).toHaveLength(LIMITS.importAbsentInARowMax)
})

describe('what the hub refuses', () => {
  test('is refused with its code, and not tried again', async () => {
    const sender = senderWith({ name: 'duty-officer' })
    const fate = await deliver(sender, rowOf('900200'), options)
    expect(fate).toEqual({ fate: 'refused', why: 'not-permitted' })
    expect(sender.sent).toHaveLength(2)
  })

  test('is refused as it was signed with a key of another agency', async () => {
    const sender = { ...senderWith(), key: hub.home.alertSigner('ctd-kp') }
    const fate = await deliver(sender, newRow(), options)
    expect(fate).toEqual({ fate: 'refused', why: 'key-of-another-agency' })
  })
})

describe('a hub that does not answer', () => {
  /** Sleeps at once, and is that much later; but the deadline of an answer is not waited for. */
  const hurried = (waits: number[]): Clock => {
    let nowMs = 0
    return {
      nowMs: () => Date.now(),
      monotonicMs: () => nowMs,
      sleep: async (ms, signal) => {
        if (ms === LIMITS.clientAnswerMsMax) return systemClock.sleep(ms, signal)
        waits.push(ms)
        nowMs += ms
      },
    }
  }
  const cut: Fetch = async () => {
    throw new TypeError('connection refused')
  }

  test('is asked again less and less often, and given up after a while', async () => {
    const waits: number[] = []
    const sender = senderWith({ disturb: () => cut, clock: hurried(waits) })
    expect(await deliver(sender, newRow(), options)).toEqual({ fate: 'failed', why: 'unreachable' })
    expect(waits.slice(0, 3)).toEqual([250, 500, 1_000])
    expect(Math.max(...waits)).toBe(LIMITS.importRetryMsMax)
    const waited = waits.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeLessThanOrEqual(LIMITS.importPatienceMs)
    expect(waited).toBeGreaterThan(LIMITS.importPatienceMs - 2 * LIMITS.importRetryMsMax)
  })

  test('is not asked again once the import is to stop', async () => {
    const waits: number[] = []
    const sender = senderWith({ disturb: () => cut, clock: hurried(waits) })
    const stopped = optionsWith({ stop: AbortSignal.abort() })
    const fate = await deliver(sender, newRow(), stopped)
    expect(fate).toEqual({ fate: 'failed', why: 'unreachable' })
    expect(waits).toEqual([])
  })
})

test('a hub whose answers cannot be believed fails the row', async () => {
  const disturb = atPost(1, async () => new Response('<p>welcome</p>', { status: 201 }))
  const fate = await deliver(senderWith({ disturb }), newRow(), options)
  expect(fate).toEqual({ fate: 'failed', why: 'answer-malformed' })
})

test('a fault of this program is thrown, and not counted as the hub’s', async () => {
  const sign = async () => {
    throw new RangeError('no token in the reader')
  }
  const sender = { ...senderWith(), key: { ...hub.home.alertSigner('ctd-sindh'), sign } }
  await expect(deliver(sender, newRow(), options)).rejects.toThrow('no token')
})
