import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { type AccessRecord, decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { hex } from '#core/bytes.ts'
import { accessRecordCodec } from '#core/codecs.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'

interface RecordVectors {
  readonly fingerprint: string
  readonly valid: readonly {
    readonly why: string
    readonly record: object
    readonly bytes: string
    readonly leafHash: string
  }[]
  readonly invalid: readonly {
    readonly why: string
    readonly bytes: string
    readonly leafHash: string
  }[]
}

const { fingerprint, valid, invalid } = readVectors<RecordVectors>('records.json')

/** With bytes in hexadecimal. */
const json = (record: AccessRecord | null): unknown =>
  JSON.parse(
    JSON.stringify(record, (_, value) => (value instanceof Uint8Array ? hex(value) : value)),
  )

describe('a record', () => {
  test.each(valid)('$why', ({ record, bytes, leafHash: hash }) => {
    expect(bytes.slice(4, 20)).toBe(hex(unhex(fingerprint).reverse()))
    const read = decodeAccessRecord(unhex(bytes))
    expect(json(read)).toEqual(record)
    expect(read && hex(encodeAccessRecord(read))).toBe(bytes)
    expect(hex(leafHash(sha256, unhex(bytes)))).toBe(hash)
  })
})

describe('no record, but a leaf', () => {
  test.each(invalid)('$why', ({ bytes, leafHash: hash }) => {
    expect(decodeAccessRecord(unhex(bytes))).toBeNull()
    expect(hex(leafHash(sha256, unhex(bytes)))).toBe(hash)
  })
})

test('the fingerprint is that of the schema', () => {
  expect(accessRecordCodec.fingerprint).toBe(fingerprint)
})
