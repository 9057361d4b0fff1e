import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64, fromBase64, fromUtf8, hex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { leafHash } from '#core/tlog/hash.ts'
import {
  formatProofFile,
  openProofFile,
  type ProofFile,
  parseProofFile,
} from '#core/tlog/proof-file.ts'
import { parseVerifierKey, type VerifierKey } from '#core/tlog/verifier-key.ts'
import { readVector, readVectors, sha256, vectorEntry, verifiers } from '#tests/tlog-vectors.ts'

const vectors = readVectors<{
  readonly log: string
  readonly cases: readonly {
    Index: number
    LeafData: string
    LeafHash: string
    Proof: string
    Expect: string
    ExtraB64?: string
  }[]
}>('tlog_proof.json')
const cosignatures = readVectors<readonly { Alg: string; Vkey: string }[]>('cosignatures.json')

const keyOf = (text: string): VerifierKey => {
  const key = parseVerifierKey(sha256, text)
  if (key === null) throw new Error(`Not a verifier key: ${text}`)
  return key
}

const trust = { log: keyOf(vectors.log), cosigners: [], verifiers }
const OK_CASES = vectors.cases.filter(({ Expect }) => Expect === 'ok')
const onDisk = readVector('entry-500.tlog-proof')
const file500 = (): ProofFile => {
  const file = parseProofFile(onDisk)
  if (file === null) throw new Error('The proof file is malformed')
  return file
}

/** What we answer, in the order of the independent library's messages. */
const REFUSALS: Readonly<Record<string, string>> = {
  'fail: malformed tlog proof': 'malformed file',
  'fail: invalid signature': 'invalid-signature',
  'fail: tlog record inclusion proof': 'not-included',
}

const outcomeOf = async (bytes: Uint8Array, entry: Uint8Array): Promise<string> => {
  const file = parseProofFile(bytes)
  if (file === null) return 'malformed file'
  const opened = await openProofFile(sha256, file, leafHash(sha256, entry), trust)
  return opened.ok ? 'ok' : opened.why
}

describe('an independent proof file', () => {
  it('is one of 13', () => {
    expect(vectors.cases).toHaveLength(13)
    expect(OK_CASES).toHaveLength(8)
  })

  it.each(vectors.cases)('of «$LeafData» ends in: $Expect', async (one) => {
    const refusal = Object.keys(REFUSALS).find((start) => one.Expect.startsWith(start)) ?? 'ok'
    expect(hex(leafHash(sha256, utf8(one.LeafData)))).toBe(one.LeafHash)
    expect(await outcomeOf(utf8(one.Proof), utf8(one.LeafData))).toBe(
      REFUSALS[refusal] ?? one.Expect,
    )
  })

  it('is written by us byte for byte', () => {
    for (const { Index, Proof, ExtraB64 } of OK_CASES) {
      const file = parseProofFile(utf8(Proof))
      expect(file?.index).toBe(Index)
      expect(file?.extra && base64(file.extra)).toBe(ExtraB64 ?? null)
      expect(file && fromUtf8(formatProofFile(file))).toBe(Proof)
    }
  })

  it('from a disk opens, with its three cosignatures', async () => {
    const cosigners = cosignatures
      .filter(({ Alg }) => Alg.startsWith('ed25519'))
      .map(({ Vkey }) => keyOf(Vkey))
    const leaf = leafHash(sha256, vectorEntry(500))
    const opened = await openProofFile(sha256, file500(), leaf, { ...trust, cosigners })
    expect(opened).toMatchObject({
      ok: true,
      checkpoint: { size: 1000 },
      cosignatures: [{}, {}, {}],
    })
    expect(hex(formatProofFile(file500()))).toBe(hex(onDisk))
  })
})

describe('a proof file', () => {
  const text = onDisk.toString('utf8')
  const HASH = base64(new Uint8Array(32))

  it('for a log of one entry has no hashes', () => {
    const checkpoint = utf8('the checkpoint is not read here')
    const bytes = formatProofFile({ index: 0, proof: [], checkpoint, extra: null })
    expect(fromUtf8(bytes)).toBe(
      'c2sp.org/tlog-proof@v1\nindex 0\n\nthe checkpoint is not read here',
    )
    expect(parseProofFile(bytes)).toEqual({ index: 0, proof: [], checkpoint, extra: null })
  })

  it('comes back from its bytes', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const files = fc.record({
      index: fc.maxSafeNat(),
      proof: fc.array(hash, { maxLength: 53 }),
      checkpoint: fc.string().map(utf8),
      extra: fc.option(fc.uint8Array()),
    })
    fc.assert(
      fc.property(files, (file) => {
        const bytes = formatProofFile(file)
        const parsed = parseProofFile(bytes)
        expect(parsed && hex(formatProofFile(parsed))).toBe(hex(bytes))
        expect(parsed?.index).toBe(file.index)
        expect(parsed?.proof.map(hex)).toEqual(file.proof.map(hex))
        expect(parsed?.extra && hex(parsed.extra)).toBe(file.extra && hex(file.extra))
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['a leading zero', text.replace('index 500', 'index 0500')],
    ['two spaces', text.replace('index 500', 'index  500')],
    ['an index beyond 2^53 - 1', text.replace('index 500', 'index 9007199254740992')],
    ['no index', text.replace('index 500\n', '')],
    ['extra data for an index', text.replace('index 500', 'extra AAAA')],
    ['extra data that is no base64', text.replace('index 500', 'extra A\nindex 500')],
    ['extra data twice', text.replace('index 500', 'extra AAAA\nextra AAAA\nindex 500')],
    ['a hash of another length', text.replace('index 500', 'index 500\nAAAA')],
    [
      '44 hashes more',
      text.replace('index 500', ['index 500', ...Array(44).fill(HASH)].join('\n')),
    ],
    ['other line ends', text.replaceAll('\n', '\r\n')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n'))],
    ['too many bytes', text.padEnd(LIMITS.proofFileBytesMax + 1, 'x')],
  ])('is malformed with %s', (_what, changed) => {
    expect(changed).not.toBe(text)
    expect(parseProofFile(utf8(changed))).toBe(null)
  })

  it('holds as many hashes as the highest tree needs', () => {
    const lines = ['index 500', ...Array(43).fill(HASH)].join('\n')
    expect(parseProofFile(utf8(text.replace('index 500', lines)))?.proof).toHaveLength(53)
  })

  it('that is no UTF-8 is malformed', () => {
    expect(parseProofFile(Buffer.concat([onDisk, Uint8Array.of(0xff)]))).toBe(null)
  })

  it('opens for nothing else after any one byte of what is signed or proven is changed', async () => {
    const start = text.indexOf('index')
    const end = Buffer.from(text.slice(0, text.indexOf('— witness'))).length
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: start, max: end - 1 }),
        fc.nat({ max: 7 }),
        async (at, bit) => {
          const bytes = new Uint8Array(onDisk)
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
          expect(await outcomeOf(bytes, vectorEntry(500))).not.toBe('ok')
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is refused for a log of another name, and for what its checkpoint lacks', async () => {
    const leaf = leafHash(sha256, vectorEntry(500))
    const otherLog = { ...trust, log: { ...trust.log, name: 'hub.example/other' } }
    expect(await openProofFile(sha256, file500(), leaf, otherLog)).toEqual({
      ok: false,
      why: 'other-origin',
    })
    const noCheckpoint = { ...file500(), checkpoint: new Uint8Array(0) }
    expect(await openProofFile(sha256, noCheckpoint, leaf, trust)).toEqual({
      ok: false,
      why: 'malformed',
    })
    const beyond = { ...file500(), index: 1000 }
    expect(await openProofFile(sha256, beyond, leaf, trust)).toEqual({
      ok: false,
      why: 'not-included',
    })
  })

  it('says nothing about extra data, which nobody signed', async () => {
    const extra = fromBase64('AAAA')
    const bytes = formatProofFile({ ...file500(), extra })
    expect(await outcomeOf(bytes, vectorEntry(500))).toBe('ok')
  })
})
