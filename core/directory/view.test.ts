import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { authorEntry, CHAIN_START, type ChainEnd } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { DirectoryView } from '#core/directory/view.ts'
import { type LogEntry, type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'

const signer = openSigner(generateKey('Ed25519').privatePem)
const GENESIS: DirectoryChange = {
  type: 'Genesis',
  federation: 'test',
  rootKeys: [signer.publicKey],
  rootSignaturesMin: 1,
}
const POLICY: DirectoryChange = { type: 'PolicyActivated', digest: new Uint8Array(32) }

let log: MessageLog
let view: DirectoryView
let end: ChainEnd
let isBroken: boolean

/** Follows as `log` does, until it is broken: then what comes next is a gap. */
async function* followUntilBroken(from: number, signal: AbortSignal) {
  for await (const batch of log.follow(DIRECTORY_TOPIC, from, signal)) {
    if (isBroken) throw new OffsetGone('a gap')
    yield batch as readonly LogEntry[]
  }
}

const enter = async (change: DirectoryChange): Promise<void> => {
  const entry = await authorEntry(end, change, { signers: [signer], enteredAtMs: 1, sha256 })
  end = entry
  await log.append(DIRECTORY_TOPIC, [entry.bytes])
}

beforeEach(async () => {
  isBroken = false
  log = openMemoryLog()
  await log.ensureTopics([DIRECTORY_TOPIC])
  end = CHAIN_START
  await enter(GENESIS)
  view = new DirectoryView({
    log: {
      append: log.append.bind(log),
      read: log.read.bind(log),
      head: log.head.bind(log),
      ensureTopics: log.ensureTopics.bind(log),
      close: log.close.bind(log),
      follow: (_topic, from, signal) => followUntilBroken(from, signal),
    },
    clock: systemClock,
    sha256,
    verify: verifySignature,
    genesisDigest: end.digest,
    onIgnored: () => undefined,
  })
  await view.start()
})
afterEach(async () => {
  await view.stop()
  await log.close()
})

test('has caught up once it has applied all that was there', async () => {
  await enter(POLICY)
  await view.catchUp()
  expect(view.state.sequence).toBe(1)
})

test('that cannot go on says so to whoever wants it to catch up', async () => {
  isBroken = true
  await enter(POLICY)
  await expect(view.catchUp()).rejects.toThrow('a gap')
  expect(view.state.sequence).toBe(0)
  await view.stop()
  await expect(view.catchUp()).rejects.toThrow()
})
