import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { policyDigest, policyFilesFrom } from '#core/policy-files.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest())
const digestOf = (texts: Record<string, string>): string =>
  hex(policyDigest(policyFilesFrom(texts), sha256))

const SCHEMA = { 'rabta.cedarschema': 'entity Agency;\n' }
const TEXTS = { ...SCHEMA, 'read.cedar': '// «قاعدہ»\n', 'audit.cedar': '' }

describe('the policy digest', () => {
  it('is of a heading, then each file by name with its length in bytes', () => {
    const hashed =
      'rabta.v1.Policy\naudit.cedar 0\nrabta.cedarschema 15\nentity Agency;\nread.cedar 18\n// «قاعدہ»\n'
    expect(digestOf(TEXTS)).toBe(hex(sha256(utf8(hashed))))
  })

  it('does not depend on the order in which the files are given', () => {
    const reversed = Object.fromEntries(Object.entries(TEXTS).reverse())
    expect(digestOf(reversed)).toBe(digestOf(TEXTS))
  })

  it('changes with any text, name, or place of a boundary', () => {
    const others = [
      { ...TEXTS, 'read.cedar': '// «قاعدہ» \n' },
      { ...SCHEMA, 'read.cedar': '// «قاعدہ»\n' },
      { ...SCHEMA, 'reads.cedar': '// «قاعدہ»\n', 'audit.cedar': '' },
      { ...SCHEMA, 'read.cedar': '', 'audit.cedar': '// «قاعدہ»\n' },
      { ...SCHEMA, 'audit.cedar': 'read.cedar 18\n// «قاعدہ»\n' },
    ]
    expect(new Set([TEXTS, ...others].map(digestOf)).size).toBe(others.length + 1)
  })
})

describe('policy files are refused', () => {
  const many = Array.from({ length: LIMITS.policyFilesMax }, (_, n) => [`rules-${n}.cedar`, ''])
  const FAULTY: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['without any', {}, /exactly one/],
    ['without a schema', { 'read.cedar': '' }, /exactly one/],
    ['with two schemas', { ...TEXTS, 'other.cedarschema': '' }, /exactly one/],
    ['without rules', SCHEMA, /no \.cedar file/],
    ['when there are too many', { ...SCHEMA, ...Object.fromEntries(many) }, /too many/],
    ['with a path for a name', { ...TEXTS, '../read.cedar': '' }, /no policy file’s name/],
    [
      'with a line break in a name',
      { ...TEXTS, 'a.cedar 0\nb.cedar': '' },
      /no policy file’s name/,
    ],
    ['with another kind of file', { ...TEXTS, 'read.txt': '' }, /no policy file’s name/],
    ['with a carriage return', { ...TEXTS, 'read.cedar': '//\r\n' }, /control character/],
    [
      'with a bidirectional control',
      { ...TEXTS, 'read.cedar': '// \u202e\n' },
      /control character/,
    ],
    ['with half a character', { ...TEXTS, 'read.cedar': '// \ud800\n' }, /not Unicode/],
    ['when one is too long', { ...TEXTS, 'read.cedar': 'é'.repeat(131_073) }, /too long/],
  ]
  it.each(FAULTY)('%s', (_, texts, fault) => {
    expect(() => policyFilesFrom(texts)).toThrow(PolicyInvalid)
    expect(() => policyFilesFrom(texts)).toThrow(fault)
  })
})
