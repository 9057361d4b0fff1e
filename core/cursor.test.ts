import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CursorScope, decodeCursor, encodeCursor, type FeedPlace } from '#core/cursor.ts'
import type { Cipher } from '#core/ports/cipher.ts'
import { isPrincipalId } from '#core/principal.ts'
import { alertTopics } from '#core/topics.ts'
import { sha256 } from '#tests/tlog-vectors.ts'

const principalOf = (text: string) => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

/** Binds as a real cipher does, without hiding: the additional data must be the same. */
const cipher: Cipher = {
  encrypt: (plaintext, additionalData) =>
    Buffer.concat([Uint8Array.of(additionalData.length), additionalData, plaintext]),
  decrypt: (sealed, additionalData) => {
    const length = sealed[0] ?? 0
    const isSame = Buffer.from(sealed.subarray(1, 1 + length)).equals(Buffer.from(additionalData))
    return isSame ? sealed.subarray(1 + length) : null
  },
}
const deps = { cipher, sha256 }

const SCOPE: CursorScope = {
  principal: principalOf('nacta/coordinator'),
  realm: 'live',
  filter: {
    jurisdictions: null,
    classifications: null,
    precedences: null,
    kinds: null,
    origins: null,
  },
  topics: alertTopics('live'),
}

const place: fc.Arbitrary<FeedPlace> = fc.record({
  positions: fc
    .array(fc.nat({ max: 2 ** 47 }), { minLength: 40, maxLength: 40 })
    .map((offsets) => new Map(SCOPE.topics.map((topic, at) => [topic, offsets[at] ?? 0]))),
  rights: fc.record({
    held: fc.nat({ max: 2 ** 32 - 1 }),
    policyDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
})

const SOMEWHERE: FeedPlace = {
  positions: new Map(),
  rights: { held: 5, policyDigest: new Uint8Array(32) },
}

test('what went in comes out, offsets beyond 2^32 as well', () => {
  fc.assert(
    fc.property(place, (from) => {
      expect(decodeCursor(encodeCursor(SCOPE, from, deps), SCOPE, deps)).toEqual(from)
    }),
  )
})

test('all cursors of a scope are of one length, so that it tells nothing', () => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      const lengths = [a, b].map((from) => encodeCursor(SCOPE, from, deps).length)
      expect(lengths[0]).toBe(lengths[1])
    }),
  )
})

test.each<[string, Partial<CursorScope>]>([
  ['another principal', { principal: principalOf('nacta/liaison') }],
  ['the other realm', { realm: 'exercise' }],
  ['another filter', { filter: { ...SCOPE.filter, kinds: ['LOOKOUT'] } }],
  ['fewer topics', { topics: SCOPE.topics.slice(1) }],
  ['topics in another order', { topics: SCOPE.topics.toReversed() }],
])('for %s it is none', (_what, changes) => {
  const cursor = encodeCursor(SCOPE, SOMEWHERE, deps)
  expect(decodeCursor(cursor, { ...SCOPE, ...changes }, deps)).toBe('foreign')
})

test('one of another version is told from one that was never made here', () => {
  const encrypt: Cipher['encrypt'] = (plaintext, additionalData) =>
    cipher.encrypt(Uint8Array.of(1, ...plaintext.subarray(1)), additionalData)
  const former = encodeCursor(SCOPE, SOMEWHERE, { sha256, cipher: { ...cipher, encrypt } })
  expect(decodeCursor(former, SCOPE, deps)).toBe('other-version')
  const other = { ...SCOPE, principal: principalOf('nacta/liaison') }
  expect(decodeCursor(former, other, deps)).toBe('foreign')
})

test('no text at all makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(decodeCursor(text, SCOPE, deps)).toBe('foreign')
    }),
  )
})
