import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64, hex } from '#core/bytes.ts'
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '#core/tlog/checkpoint.ts'
import { emptyRoot } from '#core/tlog/hash.ts'
import { sha256 } from '#tests/tlog-vectors.ts'

const ROOT = '0D1jt3KvmQGYF+4+AYKG02omFhvbW/6CKOksAqvpEV0='
const TEXT = `hub.example/audit\n1000\n${ROOT}\n`

describe('the text of a checkpoint', () => {
  it('is origin, size and root', () => {
    const checkpoint = parseCheckpoint(TEXT)
    expect(checkpoint).toMatchObject({ origin: 'hub.example/audit', size: 1000, extensions: [] })
    expect(checkpoint && base64(checkpoint.root)).toBe(ROOT)
    expect(checkpoint && formatCheckpoint(checkpoint)).toBe(TEXT)
  })

  it('of an empty tree has the root of nothing', () => {
    const root = emptyRoot(sha256)
    const text = formatCheckpoint({ origin: 'hub.example', size: 0, root, extensions: [] })
    expect(text).toBe('hub.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n')
  })

  it('may have extension lines, which are kept', () => {
    const text = `${TEXT}one\ntwo words\n`
    const checkpoint = parseCheckpoint(text)
    expect(checkpoint?.extensions).toEqual(['one', 'two words'])
    expect(checkpoint && formatCheckpoint(checkpoint)).toBe(text)
  })

  it('comes back for any values', () => {
    const checkpoints = fc.record({
      origin: fc.stringMatching(/^[a-z0-9./-]+$/),
      size: fc.maxSafeNat(),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(fc.stringMatching(/^[ -~]+$/)),
    })
    fc.assert(
      fc.property(checkpoints, (checkpoint) => {
        const text = formatCheckpoint(checkpoint) ?? ''
        const parsed = parseCheckpoint(text)
        expect(parsed && { ...parsed, root: hex(parsed.root) }).toEqual({
          ...checkpoint,
          root: hex(checkpoint.root),
        })
      }),
    )
  })

  it.each([
    '',
    '\n',
    TEXT.slice(0, -1),
    `${TEXT.slice(0, -1)}x`,
    `\n1000\n${ROOT}\n`,
    `hub example\n1000\n${ROOT}\n`,
    `hub+example\n1000\n${ROOT}\n`,
    `hub.example\n01000\n${ROOT}\n`,
    `hub.example\n+1000\n${ROOT}\n`,
    `hub.example\n-1\n${ROOT}\n`,
    `hub.example\n1e3\n${ROOT}\n`,
    `hub.example\n 1000\n${ROOT}\n`,
    `hub.example\n\n${ROOT}\n`,
    `hub.example\n9007199254740992\n${ROOT}\n`,
    `hub.example\n99999999999999999999\n${ROOT}\n`,
    'hub.example\n1000\n',
    'hub.example\n1000\nAAAA\n',
    `hub.example\n1000\n${ROOT.slice(0, -1)}\n`,
    `hub.example\n1000\n${ROOT.replace('V0=', 'V1=')}\n`,
    `hub.example\r\n1000\r\n${ROOT}\r\n`,
    `${TEXT}\n`,
    `${TEXT}\nextension\n`,
  ])('is not %o', (text) => {
    expect(parseCheckpoint(text)).toBe(null)
  })

  it.each<Partial<Checkpoint>>([
    { origin: '' },
    { origin: 'a b' },
    { size: -1 },
    { size: 2 ** 53 },
    { root: new Uint8Array(31) },
    { extensions: [''] },
    { extensions: ['a\n'] },
  ])('is not made of %o', (change) => {
    const good = { origin: 'hub.example', size: 0, root: new Uint8Array(32), extensions: [] }
    expect(formatCheckpoint({ ...good, ...change })).toBe(null)
  })

  it('reaches to the largest size a number can count', () => {
    const text = `hub.example\n9007199254740991\n${ROOT}\n`
    expect(parseCheckpoint(text)?.size).toBe(2 ** 53 - 1)
  })
})
