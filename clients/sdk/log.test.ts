import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { createServer } from '#adapters/http/server.ts'
import { type CheckpointMemory, forgetfulMemory } from '#clients/sdk/checkpoint-memory.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { LogForked } from '#clients/sdk/log-errors.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { openSession } from '#clients/sdk/session.ts'
import { base64, equalBytes, hex, utf8 } from '#core/bytes.ts'
import { type AuthoredEntry, authorEntry, CHAIN_START } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { trustIn } from '#core/log-trust.ts'
import { isPrincipalId } from '#core/principal.ts'
import { verifyConsistency } from '#core/tlog/proof.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { TestLog, testLeaves } from '#tests/test-log.ts'

const root = openSigner(generateKey('Ed25519').privatePem)
const logSigner = openSigner(generateKey('Ed25519').privatePem)
const authentication = openSigner(generateKey('ES256').privatePem)
const NAME = 'hub.example/access'

/** What the server answers with now. */
interface Served {
  log: TestLog
  checkpoint: string
  tile: (path: string) => Promise<Uint8Array | null>
  readonly tilesAsked: string[]
}

const entries: AuthoredEntry[] = []
let served: Served
let app: FastifyInstance
let url = ''

const addEntry = async (change: DirectoryChange): Promise<void> => {
  const by = { signers: [root], enteredAtMs: 0, sha256 }
  entries.push(await authorEntry(entries.at(-1) ?? CHAIN_START, change, by))
}

const startServer = async (): Promise<void> => {
  app = createServer({ logTo: null, readiness: [] })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post('/v1/token', async () => ({
    access_token: 't',
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'live',
  }))
  app.get<{ Querystring: { from: string } }>('/v1/directory/entries', async ({ query }) => {
    const last = entries.at(-1)
    return {
      entries: entries
        .map(({ bytes }, offset) => ({ offset, bytes: base64(bytes) }))
        .slice(Number(query.from)),
      head: { sequence: last?.sequence, digest: hex(last?.digest ?? new Uint8Array(0)) },
    }
  })
  app.get('/v1/access-log/checkpoint', async (_request, reply) =>
    reply.type('text/plain').send(served.checkpoint),
  )
  app.get<{ Params: { '*': string } }>('/v1/access-log/*', async ({ params }, reply) => {
    served.tilesAsked.push(params['*'])
    const bytes = await served.tile(params['*'])
    if (bytes === null) return sendRefusal(reply, { code: 'not-found' })
    return reply.type('application/octet-stream').send(Buffer.from(bytes))
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
}

beforeAll(async () => {
  const rootKeys = [root.publicKey]
  await addEntry({ type: 'Genesis', federation: 'Invented', rootKeys, rootSignaturesMin: 1 })
  await addEntry({
    type: 'LogNamed',
    verifierKey: new TestLog(NAME, logSigner).verifierKeyText,
  })
  await startServer()
})
afterAll(() => app.close())

const openSessionHere = () => {
  const principal = 'ctd-kp/analyst'
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  return openSession({
    gatewayUrl: url,
    realm: 'live',
    principal,
    authentication,
    genesisDigest: entries[0]?.digest ?? new Uint8Array(32),
    sha256,
    verify: verifySignature,
    clock: systemClock,
    random: randomBytes,
  })
}

/** Serves a log of `size` leaves, of which those from `forkedFrom` on are of another history. */
const serve = async (size: number, forkedFrom = size): Promise<TestLog> => {
  const log = new TestLog(NAME, logSigner)
  await log.append(testLeaves(0, forkedFrom))
  await log.append(testLeaves(forkedFrom, size, ' forked'))
  const tile = (path: string) => log.tile(path)
  served = { log, checkpoint: await log.checkpoint(), tile, tilesAsked: [] }
  return log
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

let memory: CheckpointMemory
let client: LogClient
beforeEach(() => {
  memory = forgetfulMemory()
  client = new LogClient(openSessionHere(), memory)
})

describe('refreshing', () => {
  test('believes the first checkpoint, says so, and remembers it', async () => {
    await serve(3)
    const { checkpoint, isFirst } = await client.refresh()
    expect([checkpoint.size, isFirst]).toEqual([3, true])
    expect(await memory.load()).toBe(served.checkpoint)
  })

  test.each([
    [0, 1],
    [1, 2],
    [5, 5],
    [7, 300],
    [255, 256],
    [256, 257],
    [256, 600],
    [511, 70_000],
    [65_536, 70_000],
  ])('goes on from %i leaves to %i by a proof of tiles', async (older, newer) => {
    await serve(older)
    await client.refresh()
    await serve(newer)
    const { checkpoint, isFirst, isStale } = await client.refresh()
    expect([checkpoint.size, isFirst, isStale]).toEqual([newer, false, false])
    expect(await memory.load()).toBe(served.checkpoint)
  })

  test('keeps the larger checkpoint when the hub is behind', async () => {
    const log = await serve(40)
    await client.refresh()
    const larger = served.checkpoint
    await serve(30)
    served.tile = (path) => log.tile(path)
    const { checkpoint, isStale } = await client.refresh()
    expect([checkpoint.size, isStale]).toEqual([40, true])
    expect(await memory.load()).toBe(larger)
  })

  test('takes from a full tile what was a partial one when the checkpoint was made', async () => {
    await serve(100)
    await client.refresh()
    const log = await serve(200)
    await log.append(testLeaves(200, 300))
    expect(await client.refresh()).toMatchObject({ checkpoint: { size: 200 } })
    expect(served.tilesAsked).toEqual(expect.arrayContaining(['tile/0/000.p/200', 'tile/0/000']))
  })

  test('respects what another process of the same client has seen', async () => {
    await serve(10)
    await client.refresh()
    const log = await serve(20)
    await new LogClient(openSessionHere(), memory).refresh()
    await serve(15)
    served.tile = (path) => log.tile(path)
    expect(await client.refresh()).toMatchObject({ isStale: true, checkpoint: { size: 20 } })
  })

  test('uses nothing that could not be remembered', async () => {
    await serve(3)
    const full = new Error('no space left')
    const failing = { load: async () => null, save: async () => Promise.reject(full) }
    const careful = new LogClient(openSessionHere(), failing)
    expect(await failureOf(careful.refresh())).toBe(full)
    const record = { index: 0, bytes: utf8('leaf 0') }
    expect(await failureOf(careful.verifyRecord(record))).toBe(full)
  })
})

describe('a log with two histories', () => {
  const forkOf = async (): Promise<LogForked> => {
    const before = await memory.load()
    const failure = await failureOf(client.refresh())
    expect(await memory.load()).toBe(before)
    if (!(failure instanceof LogForked)) throw failure
    return failure
  }

  /** What somebody who was not there concludes from the evidence and the log's key. */
  const isProven = async ({ evidence }: LogForked): Promise<boolean> => {
    const trust = trustIn(served.log.key, verifySignature)
    const smaller = await openCheckpoint(utf8(evidence.smaller), trust)
    const larger = await openCheckpoint(utf8(evidence.larger), trust)
    if (!smaller.ok || !larger.ok) return false
    const [old, now] = [smaller.checkpoint, larger.checkpoint]
    if (evidence.proof === null) return old.size === now.size && !equalBytes(old.root, now.root)
    const { root: oldRoot, hashes: proof } = evidence.proof
    const sizes = { oldSize: old.size, newSize: now.size }
    const claim = { ...sizes, oldRoot, newRoot: now.root, proof }
    return verifyConsistency(sha256, claim) && !equalBytes(oldRoot, old.root)
  }

  test('of one size is caught', async () => {
    await serve(9)
    await client.refresh()
    await serve(9, 4)
    const fork = await forkOf()
    expect([fork.kind, await isProven(fork)]).toEqual(['forked', true])
  })

  test.each([
    [5, 9, 0],
    [8, 300, 7],
    [300, 600, 299],
    [256, 257, 3],
  ])('that grew from %i to %i is caught', async (older, newer, forkedFrom) => {
    await serve(older)
    await client.refresh()
    await serve(newer, forkedFrom)
    const fork = await forkOf()
    expect([fork.kind, await isProven(fork)]).toEqual(['forked', true])
  })

  test('that shows an older size is caught by the tiles of what it signed', async () => {
    const log = await serve(50)
    await client.refresh()
    await serve(30, 20)
    served.tile = (path) => log.tile(path)
    const fork = await forkOf()
    expect([fork.kind, await isProven(fork)]).toEqual(['forked', true])
  })

  test('is not hidden by one that begins again', async () => {
    await serve(50)
    await client.refresh()
    await serve(20, 0)
    expect(await forkOf()).toMatchObject({ kind: 'shrunk', evidence: { proof: null } })
  })
})

describe('a hub that gives what the log did not sign', () => {
  test('as tiles is not believed, and the log is not accused', async () => {
    await serve(5)
    await client.refresh()
    const log = await serve(300)
    served.tile = async (path) => (await log.tile(path))?.fill(7) ?? null
    expect(await failureOf(client.refresh())).toMatchObject({ code: 'tiles-wrong' })
    served.tile = async () => null
    expect(await failureOf(client.refresh())).toMatchObject({ code: 'tiles-missing' })
    served.tile = async (path) => (await log.tile(path))?.subarray(32) ?? null
    expect(await failureOf(client.refresh())).toMatchObject({ code: 'tiles-missing' })
  })

  test.each([
    ['by another key', () => new TestLog(NAME, root)],
    ['by another log', () => new TestLog('hub.example/other', logSigner)],
  ])('as a checkpoint %s is not believed', async (_what, other) => {
    await serve(5)
    served.checkpoint = await other().checkpoint()
    const failure = await failureOf(client.refresh())
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code: 'checkpoint-unverifiable' })
    expect(await memory.load()).toBeNull()
  })

  test('as a checkpoint that was altered is not believed', async () => {
    await serve(5)
    served.checkpoint = served.checkpoint.replace('\n5\n', '\n6\n')
    expect(await failureOf(client.refresh())).toMatchObject({ code: 'checkpoint-unverifiable' })
  })
})

describe('a record', () => {
  const record = (index: number) => ({ index, bytes: utf8(`leaf ${index}`) })

  test.each([1, 2, 256, 257, 300, 600])('is found in its place of %i', async (size) => {
    await serve(size)
    for (const index of new Set([0, size - 1, Math.floor(size / 2)])) {
      expect(await client.verifyRecord(record(index))).toMatchObject({ state: 'included' })
    }
  })

  test('that the log does not have is proven not to be there', async () => {
    await serve(300)
    const swapped = { index: 7, bytes: utf8('leaf 8') }
    const states = (await client.verifyRecords([record(7), swapped])).map(({ state }) => state)
    expect(states).toEqual(['included', 'other-leaf'])
    expect(await client.receipt(swapped)).toBeNull()
  })

  test('is waited for until a checkpoint covers it, and no longer than told', async () => {
    await serve(3)
    await client.refresh()
    const waiting = client.verifyRecord(record(3))
    await serve(4)
    expect(await waiting).toMatchObject({ state: 'included', checkpoint: { size: 4 } })
    const late = await client.verifyRecord(record(4), { waitMs: 0 })
    expect(late).toEqual({ state: 'not-yet', size: 4 })
    expect(await client.receipt(record(4), { waitMs: 0 })).toBeNull()
  })

  test('costs each tile once, however many are asked for', async () => {
    await serve(600)
    await client.refresh()
    await client.verifyRecords(Array.from({ length: 600 }, (_, index) => record(index)))
    expect(served.tilesAsked).toHaveLength(new Set(served.tilesAsked).size)
    expect(served.tilesAsked.length).toBeLessThanOrEqual(4)
  })

  test('is not said to be missing because a tile is bad', async () => {
    const log = await serve(300)
    served.tile = async (path) => (await log.tile(path))?.fill(7) ?? null
    expect(await failureOf(client.verifyRecord(record(7)))).toMatchObject({ code: 'tiles-wrong' })
  })

  test('has a receipt that proves it to whoever has the log’s key, and nothing else', async () => {
    const log = await serve(300)
    const text = (await client.receipt(record(41))) ?? ''
    const verifierKey = log.verifierKeyText
    const deps = { sha256, verify: verifySignature }
    const check = (changes: object) =>
      verifyReceipt({ text, verifierKey, record: record(41).bytes, ...changes }, deps)
    expect(await check({})).toMatchObject({ ok: true, index: 41, checkpoint: { size: 300 } })
    expect(await verifyReceipt({ text, verifierKey }, deps)).toMatchObject({ ok: true, index: 41 })
    const other = new TestLog(NAME, root).verifierKeyText
    const faults = await Promise.all([
      check({ record: record(42).bytes }),
      check({ text: text.replace('\nindex 41\n', '\nindex 42\n') }),
      check({ text: text.replace('\n300\n', '\n301\n') }),
      check({ verifierKey: other }),
      check({ verifierKey: 'x' }),
      check({ text: 'x' }),
      check({ record: undefined, text: text.replace(/^extra .*\n/m, '') }),
    ])
    expect(faults.map((fault) => !fault.ok && fault.why)).toEqual([
      'not-included',
      'not-included',
      'invalid-signature',
      'not-signed-by-log',
      'bad-verifier-key',
      'not-a-receipt',
      'no-record',
    ])
  })
})

test('a log that the root keys replace is not followed without a person saying so', async () => {
  await serve(5)
  await client.refresh()
  const remembered = served.checkpoint
  const other = new TestLog('hub.example/second', logSigner)
  await addEntry({ type: 'LogNamed', verifierKey: other.verifierKeyText })
  served.checkpoint = await other.checkpoint()
  const failure = await failureOf(client.refresh())
  expect(failure).toMatchObject({ name: 'LogChanged', why: 'other-origin', remembered })
  expect(await memory.load()).toBe(remembered)
  const again = new LogClient(openSessionHere(), forgetfulMemory())
  expect(await again.refresh()).toMatchObject({ isFirst: true, checkpoint: { size: 0 } })
})
