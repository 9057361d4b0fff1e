import type { FastifyInstance, FastifyReply } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { createServer } from '#adapters/http/server.ts'
import { tokenVerifier } from '#adapters/jwt/tokens.ts'
import type { Call } from '#clients/sdk/connection.ts'
import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { openSession } from '#clients/sdk/session.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import type { RefusalCode } from '#core/refusal.ts'

const key = generateKey('ES256')
const authentication = openSigner(key.privatePem)
const AUDIENCE = 'https://hub.example/v1/token'
const verifier = tokenVerifier({ issuer: '', audience: '', tokenUrl: AUDIENCE })

const principalOf = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

type Respond = (reply: FastifyReply, nth: number) => unknown

/** A server that checks client assertions as a hub does, and answers `/v1/thing` as told. */
const serve = async (respond: Respond) => {
  const app = createServer({ logTo: null, readiness: [] })
  const seen = { tokens: 0, things: 0, authorizations: new Set<unknown>(), bodies: [] as string[] }
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post('/v1/token', async (request, reply) => {
    seen.tokens += 1
    const form = new URLSearchParams(String(request.body))
    const assertion = form.get('client_assertion') ?? ''
    const find = (id: string) => (id === key.keyId ? key.publicKey : null)
    const who = await verifier.verifyAssertion(assertion, find, Date.now())
    if (who?.principal !== 'ctd-kp/analyst')
      return sendRefusal(reply, { code: 'assertion-invalid' })
    const scope = form.get('scope')
    return { access_token: `t${seen.tokens}`, token_type: 'Bearer', expires_in: 300, scope }
  })
  app.route({
    method: ['GET', 'POST'],
    url: '/v1/thing',
    handler: (request, reply) => {
      seen.things += 1
      seen.authorizations.add(request.headers.authorization)
      seen.bodies.push(String(request.body))
      return respond(reply, seen.things)
    },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  apps.push(app)
  return { url, seen }
}

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const sessionAt = (
  gatewayUrl: string,
  changes: { readonly clock?: Clock; readonly principal?: string; readonly audience?: string } = {},
) =>
  openSession({
    gatewayUrl,
    realm: 'live',
    principal: principalOf(changes.principal ?? 'ctd-kp/analyst'),
    authentication,
    genesisDigest: new Uint8Array(32),
    audience: changes.audience ?? AUDIENCE,
    sha256,
    verify: verifySignature,
    clock: changes.clock ?? systemClock,
    random: randomBytes,
  }).connection

const THING: Call = { server: 'gateway', path: '/v1/thing', accept: 'application/json' }
const bytes = Uint8Array.of(120, 121)

const refuse =
  (code: RefusalCode): Respond =>
  (reply) =>
    sendRefusal(reply, { code })

/** A refusal that may be tried again at once. */
const putOff = (reply: FastifyReply): FastifyReply => {
  sendRefusal(reply, { code: 'overloaded' })
  return reply
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

describe('tokens', () => {
  test('are got by an assertion that the hub takes, once for many requests', async () => {
    const { url, seen } = await serve(() => ({}))
    const connection = sessionAt(url)
    await Promise.all(Array.from({ length: 5 }, () => connection.get(THING)))
    await connection.get(THING)
    expect(seen).toMatchObject({ tokens: 1, things: 6 })
    expect([...seen.authorizations]).toEqual(['Bearer t1'])
  })

  test('are renewed before they expire', async () => {
    const { url, seen } = await serve(() => ({}))
    let nowMs = 0
    const connection = sessionAt(url, { clock: { ...systemClock, monotonicMs: () => nowMs } })
    await connection.get(THING)
    nowMs = 300_000 - LIMITS.clientRenewBeforeMs - 1_000
    await connection.get(THING)
    expect(seen.tokens).toBe(1)
    nowMs += 1_000
    await connection.get(THING)
    expect(seen.tokens).toBe(2)
  })

  test('that the hub does not take any more are replaced, once', async () => {
    const { url, seen } = await serve((reply, nth) =>
      nth === 1 ? sendRefusal(reply, { code: 'not-authenticated' }) : {},
    )
    await sessionAt(url).get(THING)
    expect(seen).toMatchObject({ tokens: 2, things: 2 })
    const stubborn = await serve(refuse('not-authenticated'))
    const failure = await failureOf(sessionAt(stubborn.url).get(THING))
    expect(failure).toMatchObject({ name: 'HubRefusal', code: 'not-authenticated' })
    expect(stubborn.seen).toMatchObject({ tokens: 2, things: 2 })
  })

  test.each([
    ['of another principal', { principal: 'ctd-kp/other' }],
    ['for another hub', { audience: 'https://other.example/v1/token' }],
  ])('are refused to an assertion %s, which is not tried again', async (_what, changes) => {
    const { url, seen } = await serve(() => ({}))
    const failure = await failureOf(sessionAt(url, changes).get(THING))
    expect(failure).toMatchObject({ name: 'HubRefusal', status: 401, code: 'assertion-invalid' })
    expect(seen).toMatchObject({ tokens: 1, things: 0 })
  })

  test('are not got for what is public', async () => {
    const { url, seen } = await serve(() => ({}))
    await sessionAt(url).get({ ...THING, isPublic: true })
    expect(seen.tokens).toBe(0)
    expect([...seen.authorizations]).toEqual([undefined])
  })
})

describe('what the hub puts off', () => {
  test('is asked again, and published again with the very same bytes', async () => {
    const { url, seen } = await serve((reply, nth) =>
      nth % 2 === 1 ? putOff(reply).header('retry-after', 0) : {},
    )
    const connection = sessionAt(url)
    await connection.get(THING)
    await connection.postRepeatably(THING, { type: 'text/plain', bytes })
    expect(seen.bodies).toEqual(['undefined', 'undefined', 'xy', 'xy'])
  })

  test('is given up after a few times, with the last refusal', async () => {
    const { url, seen } = await serve((reply) => putOff(reply).header('retry-after', 0))
    const clock = { ...systemClock, sleep: (ms: number) => systemClock.sleep(ms > 5_000 ? ms : 1) }
    const failure = await failureOf(sessionAt(url, { clock }).get(THING))
    expect(failure).toMatchObject({ name: 'HubRefusal', code: 'overloaded', retryAfterMs: 0 })
    expect(seen.things).toBe(LIMITS.clientAttemptsMax)
  })

  test('ends with the caller’s signal', async () => {
    const { url, seen } = await serve((reply) => putOff(reply).header('retry-after', 5))
    const stopping = new AbortController()
    const failing = failureOf(sessionAt(url).get({ ...THING, signal: stopping.signal }))
    while (seen.things === 0) await systemClock.sleep(5)
    const why = new Error('enough')
    stopping.abort(why)
    expect(await failing).toBe(why)
  })
})

describe('a refusal', () => {
  test('says all that the problem document says', async () => {
    const { url } = await serve((reply) =>
      sendRefusal(reply, {
        code: 'not-permitted',
        reasons: ['clearance-too-low'],
        detail: 'label',
      }),
    )
    const failure = await failureOf(sessionAt(url).get(THING))
    expect(failure).toBeInstanceOf(HubRefusal)
    expect(failure).toMatchObject({
      status: 403,
      code: 'not-permitted',
      title: 'The policy does not permit it.',
      detail: 'label',
      reasons: ['clearance-too-low'],
      remedy:
        'The reasons say what is lacking; your agency’s administrator can tell what you hold.',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      retryAfterMs: null,
    })
  })

  test('with control characters in it is not believed', async () => {
    const { url } = await serve((reply) =>
      sendRefusal(reply, { code: 'not-found', detail: '\u001b[2Jgone' }),
    )
    expect(await failureOf(sessionAt(url).get(THING))).toBeInstanceOf(HubMisbehaved)
  })
})

describe('what is no answer of a hub', () => {
  test.each([
    [502, HubUnreachable],
    [503, HubUnreachable],
    [504, HubUnreachable],
    [404, HubMisbehaved],
    [500, HubMisbehaved],
    [204, HubMisbehaved],
  ])('a page of status %i', async (status, kind) => {
    const { url } = await serve((reply) => reply.code(status).type('text/html').send('<p>'))
    expect(await failureOf(sessionAt(url).get(THING))).toBeInstanceOf(kind)
  })

  test('a redirect is not followed: it could take the token elsewhere', async () => {
    const { url } = await serve((reply) => reply.redirect('/health/live'))
    expect(await failureOf(sessionAt(url).get(THING))).toBeInstanceOf(HubUnreachable)
  })

  test('a body that is longer than any answer is cut off', async () => {
    let left = 2 * LIMITS.clientAnswerBytesMax
    const long = new ReadableStream({
      pull: (controller) => {
        left -= 1_048_576
        if (left < 0) controller.close()
        else controller.enqueue(new Uint8Array(1_048_576))
      },
    })
    const { url } = await serve((reply) => reply.send(long))
    const failure = await failureOf(sessionAt(url).get(THING))
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code: 'answer-too-large' })
  })

  test('silence ends in time', async () => {
    const { url } = await serve((reply, nth) => (nth === 1 ? {} : reply.hijack()))
    const waits: number[] = []
    let isImpatient = false
    const sleep: Clock['sleep'] = (ms, signal) => {
      waits.push(ms)
      return systemClock.sleep(isImpatient ? 50 : ms, signal)
    }
    const connection = sessionAt(url, { clock: { ...systemClock, sleep } })
    await connection.get(THING)
    isImpatient = true
    expect(await failureOf(connection.get(THING))).toBeInstanceOf(HubUnreachable)
    expect(waits.at(-1)).toBe(LIMITS.clientAnswerMsMax)
  })

  test('nobody listens', async () => {
    const { url } = await serve(() => ({}))
    await apps.splice(0)[0]?.close()
    expect(await failureOf(sessionAt(url).get(THING))).toBeInstanceOf(HubUnreachable)
  })
})

test('a purpose is said in a header, and one that could break out of it is refused', async () => {
  const { url, seen } = await serve(() => ({}))
  const connection = sessionAt(url)
  const code = 'INVESTIGATION'
  await connection.get({ ...THING, purpose: { code, caseReference: 'FIR-12/2026' } })
  const wrong = { code, caseReference: 'a\r\nauthorization: b' } as const
  expect(await failureOf(connection.get({ ...THING, purpose: wrong }))).toBeInstanceOf(RangeError)
  expect(seen.things).toBe(1)
})
