import { expect, test } from 'vitest'
import { TokenMemory } from '#adapters/jwt/token-memory.ts'
import type { KeyId, PublicKey } from '#core/key.ts'
import type { VerifiedToken } from '#core/ports/tokens.ts'
import type { PrincipalId } from '#core/principal.ts'

const KEY: PublicKey = { algorithm: 'ES256', key: new Uint8Array(64).fill(1) }
const TOKEN: VerifiedToken = {
  principal: 'ctd-kp/duty-officer' as PrincipalId,
  realm: 'live',
  boundTo: null,
  provenBy: null,
  expiresAtMs: 2_000,
}
const REMEMBERED = { token: TOKEN, keyId: 'k' as KeyId, key: KEY, verifiedAtMs: 1_000 }

const find = (): PublicKey => KEY

test('recalls what was kept, from its verification until it expires', () => {
  const memory = new TokenMemory(3)
  memory.keep('text', REMEMBERED)
  expect(memory.recall('text', find, 1_000)).toBe(TOKEN)
  expect(memory.recall('text', find, 1_999)).toBe(TOKEN)
  expect(memory.recall('text', find, 2_000)).toBeNull()
  expect(memory.recall('text', find, 999)).toBeNull()
  expect(memory.recall('other', find, 1_000)).toBeNull()
})

test('asks for the key each time, and recalls nothing when it is gone or another', () => {
  const memory = new TokenMemory(3)
  memory.keep('text', REMEMBERED)
  const asked: string[] = []
  const findAndNote = (id: KeyId): PublicKey => {
    asked.push(id)
    return KEY
  }
  memory.recall('text', findAndNote, 1_000)
  memory.recall('text', findAndNote, 1_000)
  expect(asked).toEqual(['k', 'k'])
  expect(memory.recall('text', () => null, 1_000)).toBeNull()
  const other = { ...KEY, key: new Uint8Array(64).fill(2) }
  expect(memory.recall('text', () => other, 1_000)).toBeNull()
  expect(memory.recall('text', () => ({ ...KEY, algorithm: 'Ed25519' }), 1_000)).toBeNull()
})

test('keeps no more than it may, and forgets the oldest first', () => {
  const memory = new TokenMemory(3)
  for (const text of ['1', '2', '3', '3', '4']) memory.keep(text, REMEMBERED)
  const recalled = ['1', '2', '3', '4'].map((text) => memory.recall(text, find, 1_000) !== null)
  expect(recalled).toEqual([false, true, true, true])
})
