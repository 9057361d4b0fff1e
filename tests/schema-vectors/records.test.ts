import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { hex } from '#core/bytes.ts'
import { accessRecordCodec } from '#core/codecs.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'
import { readable } from '#tests/schema-vectors/readable.ts'

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

describe('a record', () => {
  test.each(valid)('$why', ({ record, bytes, leafHash: hash }) => {
    expect(bytes.slice(4, 20)).toBe(hex(unhex(fingerprint).reverse()))
    const read = decodeAccessRecord(unhex(bytes))
    expect(readable(read)).toEqual(record)
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
