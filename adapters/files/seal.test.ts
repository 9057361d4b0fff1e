import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LoosePermissions } from '#adapters/files/key-file.ts'
import { openSeal } from '#adapters/files/seal.ts'
import {
  addSealKeys,
  makeSealKeys,
  SealFileUnusable,
  type SealKey,
} from '#adapters/files/seal-file.ts'
import { utf8 } from '#core/bytes.ts'
import type { Seal } from '#core/ports/seal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-seal-'))
})
afterEach(() => rm(folder, { recursive: true }))

const FROM_MS = Date.UTC(2026, 10, 30)

/** Others each time, the same in every run. */
const countingRandom = () => {
  let calls = 0
  return (length: number) => {
    calls += 1
    return new Uint8Array(length).fill(calls % 256).fill(calls >> 8, 1)
  }
}

const twoYears = (): readonly SealKey[] =>
  makeSealKeys({
    realms: ['live', 'exercise'],
    fromMs: FROM_MS,
    months: 24,
    random: countingRandom(),
  })

const filled = async (keys: readonly SealKey[] = twoYears()): Promise<Seal> => {
  await addSealKeys(folder, keys)
  return openSeal(folder)
}

const SECRET = 'live.SECRET.2026-12.1'
const BOX = { keyId: SECRET, nonce: new Uint8Array(12).fill(7), additionalData: utf8('the stamp') }

describe('sealing', () => {
  test('what was sealed opens, whatever the bytes', async () => {
    const seal = await filled()
    const bytes = fc.uint8Array({ maxLength: 500 })
    const nonces = fc.uint8Array({ minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(bytes, bytes, nonces, (plaintext, additionalData, nonce) => {
        const box = { keyId: SECRET, nonce, additionalData }
        const ciphertext = seal.seal({ ...box, plaintext })
        expect(ciphertext).toHaveLength(plaintext.length + 16)
        expect(seal.open({ ...box, ciphertext })).toEqual({ state: 'opened', plaintext })
      }),
    )
  })

  test('seals as the published test case of AES-256-GCM says, with the tag last', async () => {
    // McGrew and Viega, The Galois/Counter Mode of Operation, test case 14.
    const seal = await filled([{ id: SECRET, key: new Uint8Array(32) }])
    const sealed = seal.seal({
      keyId: SECRET,
      nonce: new Uint8Array(12),
      additionalData: new Uint8Array(0),
      plaintext: new Uint8Array(16),
    })
    expect(Buffer.from(sealed).toString('hex')).toBe(
      'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    )
  })

  test('one changed bit in nonce, additional data or ciphertext is a forgery', async () => {
    const seal = await filled()
    const ciphertext = seal.seal({ ...BOX, plaintext: utf8('a short alert') })
    const { nonce, additionalData } = BOX
    fc.assert(
      fc.property(fc.nat(2), fc.nat(1_000), fc.nat(7), (which, place, bit) => {
        const parts = [nonce, additionalData, ciphertext].map((part, index) =>
          index === which ? flipped(part, place % part.length, bit) : part,
        )
        const [n, a, c] = parts as [Uint8Array, Uint8Array, Uint8Array]
        const opened = seal.open({ keyId: SECRET, nonce: n, additionalData: a, ciphertext: c })
        expect(opened).toEqual({ state: 'forged' })
      }),
      { numRuns: 300 },
    )
  })

  test('what is cut short, lengthened or under another key is a forgery', async () => {
    const seal = await filled()
    const ciphertext = seal.seal({ ...BOX, plaintext: utf8('a short alert') })
    for (let length = 0; length < ciphertext.length; length += 1) {
      const opened = seal.open({ ...BOX, ciphertext: ciphertext.subarray(0, length) })
      expect(opened).toEqual({ state: 'forged' })
    }
    const longer = Uint8Array.of(...ciphertext, 0)
    expect(seal.open({ ...BOX, ciphertext: longer }).state).toBe('forged')
    const otherKey = { ...BOX, keyId: 'exercise.SECRET.2026-12.1', ciphertext }
    expect(seal.open(otherKey).state).toBe('forged')
    for (const length of [0, 11, 13, 16]) {
      const opened = seal.open({ ...BOX, nonce: new Uint8Array(length), ciphertext })
      expect(opened.state).toBe('forged')
    }
  })

  test('to seal under no key, or with a nonce of another length, is a bug', async () => {
    const seal = await filled()
    const plaintext = utf8('a')
    const unknown = { ...BOX, keyId: 'live.SECRET.2020-01.1', plaintext }
    expect(() => seal.seal(unknown)).toThrow(RangeError)
    expect(() => seal.seal({ ...BOX, nonce: new Uint8Array(16), plaintext })).toThrow(RangeError)
  })

  test('a destroyed key is erased, one that was never there is unknown', async () => {
    const sealed = (await filled()).seal({ ...BOX, plaintext: utf8('a') })
    await changeFile('live', ({ keys, destroyed }) => ({
      keys: keys.filter((key) => key.id !== SECRET),
      destroyed: [...destroyed, SECRET],
    }))
    const seal = await openSeal(folder)
    expect(seal.open({ ...BOX, ciphertext: sealed })).toEqual({ state: 'erased' })
    const unknown = { ...BOX, keyId: 'live.SECRET.2020-01.1', ciphertext: sealed }
    expect(seal.open(unknown)).toEqual({ state: 'unknown-key' })
    expect(seal.keyIdFor('live', 'SECRET', Date.UTC(2026, 11, 5))).toBeNull()
  })
})

describe('choosing a key', () => {
  test('by realm, level and the month in UTC', async () => {
    const seal = await filled()
    const lastOfDecember = Date.UTC(2027, 0, 1) - 1
    expect(seal.keyIdFor('live', 'SECRET', lastOfDecember)).toBe(SECRET)
    expect(seal.keyIdFor('live', 'SECRET', lastOfDecember + 1)).toBe('live.SECRET.2027-01.1')
    expect(seal.keyIdFor('exercise', 'UNCLASSIFIED', FROM_MS)).toBe(
      'exercise.UNCLASSIFIED.2026-11.1',
    )
  })

  test('none outside the months that there are keys for', async () => {
    const seal = await filled()
    expect(seal.keyIdFor('live', 'SECRET', Date.UTC(2026, 9, 31))).toBeNull()
    expect(seal.keyIdFor('live', 'SECRET', Date.UTC(2028, 9, 31))).toBe('live.SECRET.2028-10.1')
    expect(seal.keyIdFor('live', 'SECRET', Date.UTC(2028, 10, 1))).toBeNull()
  })

  test('the newest of a month, by number and not by letter', async () => {
    const ids = [9, 10, 2].map((n) => `live.SECRET.2026-12.${n}`)
    const seal = await filled(ids.map((id, index) => ({ id, key: new Uint8Array(32).fill(index) })))
    expect(seal.keyIdFor('live', 'SECRET', Date.UTC(2026, 11, 5))).toBe('live.SECRET.2026-12.10')
  })

  test('a node without a level’s keys can neither seal nor open it', async () => {
    const all = await filled()
    const sealed = all.seal({ ...BOX, plaintext: utf8('a') })
    await rm(join(folder, 'live.json'))
    const limited = await filled(
      twoYears().filter(({ id }) => id.startsWith('live.') && !id.includes('SECRET')),
    )
    expect(limited.keyIdFor('live', 'SECRET', Date.UTC(2026, 11, 5))).toBeNull()
    expect(limited.open({ ...BOX, ciphertext: sealed })).toEqual({ state: 'unknown-key' })
    expect(limited.keyIdFor('live', 'CONFIDENTIAL', Date.UTC(2026, 11, 5))).not.toBeNull()
  })
})

describe('the key files', () => {
  test('hold a key for each realm, level and month, of their owner alone', async () => {
    await filled()
    expect(twoYears()).toHaveLength(2 * 5 * 24)
    const file = JSON.parse(await readFile(join(folder, 'live.json'), 'utf8'))
    expect(file.keys).toHaveLength(5 * 24)
    expect(file.keys[0]).toEqual({
      id: 'live.UNCLASSIFIED.2026-11.1',
      key: Buffer.from(twoYears()[0]?.key ?? []).toString('base64url'),
    })
    expect(file.destroyed).toEqual([])
    expect((await stat(join(folder, 'live.json'))).mode & 0o777).toBe(0o600)
  })

  test('take more months later, and keep the keys that they have', async () => {
    const before = (await filled()).seal({ ...BOX, plaintext: utf8('a') })
    const later = makeSealKeys({
      realms: ['live'],
      fromMs: Date.UTC(2028, 10, 1),
      months: 1,
      random: (length) => new Uint8Array(length).map((_, index) => index),
    })
    // The same bytes for each level: a key under two ids.
    await expect(addSealKeys(folder, later)).rejects.toThrow('two ids')
    const seal = await filled(later.slice(0, 1))
    expect(seal.keyIdFor('live', 'UNCLASSIFIED', Date.UTC(2028, 10, 9))).toBe(later[0]?.id)
    expect(seal.open({ ...BOX, ciphertext: before }).state).toBe('opened')
  })

  test('never take another key for an id that they have or had', async () => {
    await filled()
    const other = new Uint8Array(32).fill(255)
    await expect(addSealKeys(folder, [{ id: SECRET, key: other }])).rejects.toThrow(SECRET)
    await changeFile('live', ({ keys, destroyed }) => ({
      keys: keys.filter((key) => key.id !== SECRET),
      destroyed: [...destroyed, SECRET],
    }))
    await expect(addSealKeys(folder, [{ id: SECRET, key: other }])).rejects.toThrow(SECRET)
  })

  test('are refused with the remedy when others can read them', async () => {
    await filled()
    const path = join(folder, 'exercise.json')
    await chmod(path, 0o640)
    await expect(openSeal(folder)).rejects.toThrow(LoosePermissions)
    await expect(openSeal(folder)).rejects.toThrow(`chmod 600 ${path}`)
  })

  test('may be of one realm, but not of none', async () => {
    await expect(openSeal(folder)).rejects.toThrow(SealFileUnusable)
    const seal = await filled(twoYears().filter(({ id }) => id.startsWith('live.')))
    expect(seal.keyIdFor('exercise', 'SECRET', FROM_MS)).toBeNull()
    expect(seal.keyIdFor('live', 'SECRET', FROM_MS)).not.toBeNull()
  })

  const KEY = Buffer.alloc(32, 3).toString('base64url')
  const OTHER = Buffer.alloc(32, 4).toString('base64url')
  test.each([
    ['no JSON', `{"keys": [{"id": "${SECRET}", "key": "${KEY}"`],
    ['null', 'null'],
    ['no lists', '{"keys": {}, "destroyed": []}'],
    ['another member', '{"keys": [], "destroyed": [], "revoked": []}'],
    ['a key that is none', '{"keys": [null], "destroyed": []}'],
    ['a key without id', `{"keys": [{"key": "${KEY}"}], "destroyed": []}`],
    ['a short key', `{"keys": [{"id": "${SECRET}", "key": "${KEY.slice(2)}"}], "destroyed": []}`],
    ['a padded key', `{"keys": [{"id": "${SECRET}", "key": "${KEY}="}], "destroyed": []}`],
    [
      'another realm',
      `{"keys": [{"id": "exercise.SECRET.2026-12.1", "key": "${KEY}"}], "destroyed": []}`,
    ],
    [
      'an unknown level',
      `{"keys": [{"id": "live.COSMIC.2026-12.1", "key": "${KEY}"}], "destroyed": []}`,
    ],
    ['a destroyed id that is none', '{"keys": [], "destroyed": [1]}'],
    [
      'a destroyed key that is there',
      `{"keys": [{"id": "${SECRET}", "key": "${KEY}"}], "destroyed": ["${SECRET}"]}`,
    ],
    [
      'an id twice',
      JSON.stringify({ keys: [KEY, OTHER].map((key) => ({ id: SECRET, key })), destroyed: [] }),
    ],
  ])('with %s are refused by name, and never quoted', async (_, text) => {
    await writeFile(join(folder, 'live.json'), text, { mode: 0o600 })
    const error = await openSeal(folder).catch((reason: Error) => reason)
    expect(error).toBeInstanceOf(SealFileUnusable)
    expect(String(error)).toContain('live.json')
    expect(`${error} ${(error as Error).cause}`).not.toContain(KEY.slice(2))
  })
})

interface FileText {
  readonly keys: readonly { readonly id: string }[]
  readonly destroyed: readonly string[]
}

const changeFile = async (realm: string, change: (file: FileText) => FileText): Promise<void> => {
  const path = join(folder, `${realm}.json`)
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))))
}

const flipped = (bytes: Uint8Array, place: number, bit: number): Uint8Array =>
  bytes.map((byte, index) => (index === place ? byte ^ (1 << bit) : byte))
