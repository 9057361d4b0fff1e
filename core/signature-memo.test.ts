import { expect, test } from 'vitest'
import { utf8 } from '#core/bytes.ts'
import type { PublicKey, VerifySignature } from '#core/key.ts'
import { memoised } from '#core/signature-memo.ts'
import { sha256 } from '#tests/tlog-vectors.ts'

const KEY: PublicKey = { algorithm: 'Ed25519', key: new Uint8Array(32) }
const SIGNATURE = new Uint8Array(64)

/** Counts its calls; says yes to messages that begin with «good». */
const counting = () => {
  const asked: string[] = []
  const verify: VerifySignature = async (_key, message) => {
    const text = new TextDecoder().decode(message)
    asked.push(text)
    return text.startsWith('good')
  }
  return { asked, verify }
}

test('a signature that verified is not verified again; one that did not, is', async () => {
  const { asked, verify } = counting()
  const memo = memoised(verify, sha256, 10)
  for (const text of ['good', 'bad', 'good', 'bad']) await memo(KEY, utf8(text), SIGNATURE)
  expect(asked).toEqual(['good', 'bad', 'bad'])
})

test('another key, message or signature is another question', async () => {
  const { asked, verify } = counting()
  const memo = memoised(verify, sha256, 10)
  const otherKey: PublicKey = { ...KEY, key: new Uint8Array(32).fill(1) }
  await memo(KEY, utf8('good'), SIGNATURE)
  await memo(otherKey, utf8('good'), SIGNATURE)
  await memo(KEY, utf8('good 2'), SIGNATURE)
  await memo(KEY, utf8('good'), SIGNATURE.slice().fill(1))
  expect(asked).toHaveLength(4)
})

test('the same bytes, divided otherwise between key, signature and message, are another question', async () => {
  const memo = memoised(async (key) => key.key.length === 32, sha256, 10)
  const bytes = new Uint8Array(32 + 64 + 10).map((_, at) => at)
  const divided = (keyBytes: number): Promise<boolean> =>
    memo(
      { algorithm: 'Ed25519', key: bytes.subarray(0, keyBytes) },
      bytes.subarray(keyBytes + 64),
      bytes.subarray(keyBytes, keyBytes + 64),
    )
  expect(await divided(32)).toBe(true)
  expect(await divided(33)).toBe(false)
  expect(await divided(31)).toBe(false)
})

test('a message that begins in the signature is another question, however long that is', async () => {
  const memo = memoised(async (_key, _message, { length }) => length === 64, sha256, 10)
  const message = new Uint8Array(300).map((_, at) => at)
  expect(await memo(KEY, message, SIGNATURE)).toBe(true)
  const longer = new Uint8Array([...SIGNATURE, ...message.subarray(0, 256)])
  expect(await memo(KEY, message.subarray(256), longer)).toBe(false)
})

test('it forgets the oldest rather than grow without end', async () => {
  const { asked, verify } = counting()
  const memo = memoised(verify, sha256, 4)
  for (let at = 0; at < 10; at += 1) await memo(KEY, utf8(`good ${at}`), SIGNATURE)
  await memo(KEY, utf8('good 9'), SIGNATURE)
  expect(asked).toHaveLength(10)
  await memo(KEY, utf8('good 0'), SIGNATURE)
  expect(asked).toHaveLength(11)
})
