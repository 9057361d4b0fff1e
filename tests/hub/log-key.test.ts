import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { homePaths } from '#adapters/files/home.ts'
import { createKeyFile } from '#adapters/files/key-file.ts'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import type { CheckpointMemory } from '#clients/sdk/checkpoint-memory.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { formatVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'
import { LogKeyWrong } from '#services/audit/log-key.ts'
import { enter } from '#tests/directory-entries.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const LOG_NAME = 'hub.rabta.example/access'
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const remembering = (): CheckpointMemory & { note: string | null } => ({
  note: null,
  async load() {
    return this.note
  },
  async save(note) {
    this.note = note
  },
})

const nameLog = async (publicKey: Uint8Array): Promise<string> => {
  const key = verifierKey(sha256, LOG_NAME, 'ed25519', publicKey)
  const text = key === null ? '' : formatVerifierKey(key)
  await enter(hub, hub.home.rootSigner, { type: 'LogNamed', verifierKey: text })
  return text
}

test('the log goes on under another key, and its readers hold it to what it signed before', async () => {
  const memory = remembering()
  const client = () => new LogClient(sessionAt(hub, 'ctd-kp/security-officer'), memory)
  const before = (await client().refresh()).checkpoint
  const key = generateKey('Ed25519')
  await nameLog(key.publicKey.key)
  // Its records come in all the same; but nothing more is signed with the key that was given up.
  await hub.get('/v1/feed', 'nacta/coordinator')
  await hub.get('/v1/directory/entries', 'nacta/coordinator')
  await expect
    .poll(() => hub.alarms.map(({ what }) => what), { timeout: 20_000 })
    .toContain('log-stopped')
  await hub.close()
  await expect(hub.open()).rejects.toThrow(LogKeyWrong)
  const { logKey } = homePaths(hub.home.home)
  rmSync(logKey)
  await createKeyFile(logKey, key.privatePem)
  await hub.open()
  const { checkpoint, isFirst } = await client().refresh()
  expect(isFirst).toBe(false)
  expect(checkpoint.size).toBeGreaterThanOrEqual(before.size)
  expect(checkpoint.note.split('\n').at(-2)).not.toBe(before.note.split('\n').at(-2))
  await hub.settled()
  expect((await fsckHome(hub.home.home, { kafka: null, io: null })).problems).toEqual([])
})
