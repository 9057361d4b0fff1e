import { concatBytes, fromHex, utf8 } from '#core/bytes.ts'
import type { Random } from '#tests/fuzz/random.ts'

/** Bytes that have meant trouble to readers: of Avro, of UTF-8, of text formats. */
const TROUBLE: readonly Uint8Array[] = [
  '8000',
  '818000',
  'ffffffffffffffffff01',
  'feffffffffffffffff01',
  'ffffffff0f',
  'fefffffff01f',
  '80808080808080808080',
  '01',
  '7f',
  'ff',
  '00000000',
  'c080',
  'eda080',
  'f4908080',
  'e280ae',
  'efbbbf',
  '000000000000f87f',
  '0000000000000080',
  '0000000000000000',
]
  .map((text) => fromHex(text) ?? new Uint8Array(0))
  .concat(
    ['\n', '\n\n', '\r\n', '"', '\\', '%00', '../', '{', '[', '&a ', '*a', '='].map((text) =>
      utf8(text),
    ),
  )

const CHANGES_MAX = 3
const STUTTERED_BYTES_MAX = 16_384

/** One of `seeds` with one to three changes. */
export const mutant = (seeds: readonly Uint8Array[], random: Random): Uint8Array => {
  let bytes = random.pick(seeds)
  if (random.chance(0.01)) bytes = stuttered(bytes, random)
  for (let left = 1 + random.below(CHANGES_MAX); left > 0; left -= 1) {
    bytes = random.pick(CHANGES)(bytes, random, seeds)
  }
  return bytes
}

/** A piece many times over: nested, repeated, or longer than anybody thought of. */
const stuttered = (bytes: Uint8Array, random: Random): Uint8Array => {
  const at = random.below(bytes.length)
  const piece = random.chance(0.5) ? random.pick(TROUBLE) : bytes.subarray(at, at + 8)
  const times = random.below(Math.floor(STUTTERED_BYTES_MAX / Math.max(1, piece.length)))
  return spliced(bytes, at, 0, concatBytes(...Array.from({ length: times }, () => piece)))
}

type Change = (bytes: Uint8Array, random: Random, seeds: readonly Uint8Array[]) => Uint8Array

const withByte = (bytes: Uint8Array, random: Random, change: (byte: number) => number) => {
  // A copy even of a Buffer, whose `slice` makes none.
  const changed = new Uint8Array(bytes)
  const at = random.below(changed.length)
  if (changed.length > 0) changed[at] = change(changed[at] ?? 0)
  return changed
}

const spliced = (bytes: Uint8Array, at: number, taken: number, put: Uint8Array): Uint8Array =>
  concatBytes(bytes.subarray(0, at), put, bytes.subarray(Math.min(bytes.length, at + taken)))

const slice = (bytes: Uint8Array, random: Random, max: number): Uint8Array => {
  const start = random.below(bytes.length)
  return bytes.subarray(start, start + 1 + random.below(max))
}

// Those that keep the length stand more than once: the others break most formats at once, and a
// reader that is never got past is not tried.
const flipBit: Change = (bytes, random) =>
  withByte(bytes, random, (byte) => byte ^ (1 << random.below(8)))
const nudge: Change = (bytes, random) =>
  withByte(bytes, random, (byte) => byte + (random.chance(0.5) ? 1 : 255))
const otherLetter: Change = (bytes, random) =>
  withByte(bytes, random, (byte) => (byte >= 0x61 && byte <= 0x7a ? 0x61 + random.below(26) : byte))

const CHANGES: readonly Change[] = [
  flipBit,
  flipBit,
  nudge,
  nudge,
  otherLetter,
  otherLetter,
  otherLetter,
  (bytes, random) => withByte(bytes, random, () => random.below(256)),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, random.pick(TROUBLE)),
  (bytes, random) => {
    const put = random.pick(TROUBLE)
    return spliced(bytes, random.below(bytes.length + 1), put.length, put)
  },
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 1 + random.below(4), NOTHING),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => concatBytes(bytes, random.bytes(1 + random.below(4))),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, slice(bytes, random, 64)),
  (bytes, random, seeds) => {
    const put = slice(random.pick(seeds), random, 64)
    return spliced(bytes, random.below(bytes.length + 1), put.length, put)
  },
  (bytes, random, seeds) => {
    const other = random.pick(seeds)
    const at = random.below(Math.min(bytes.length, other.length) + 1)
    return concatBytes(bytes.subarray(0, at), other.subarray(at))
  },
]

const NOTHING = new Uint8Array(0)
