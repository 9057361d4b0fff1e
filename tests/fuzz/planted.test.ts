import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Codec } from '#core/avro/codec.ts'
import { concatBytes } from '#core/bytes.ts'
import { alertCodec, stampCodec } from '#core/codecs.ts'
import { alertSchema, stampSchema } from '#core/schemas.ts'
import { keepCase } from '#tests/fuzz/cases.ts'
import { PAYLOADS, STAMP_BYTES } from '#tests/fuzz/corpus.ts'
import { minimised } from '#tests/fuzz/minimise.ts'
import { run } from '#tests/fuzz/run.ts'
import type { Target } from '#tests/fuzz/target.ts'
import { avroTarget, grammarOf } from '#tests/fuzz/targets/avro.ts'
import { envelopeTarget } from '#tests/fuzz/targets/formats.ts'

/** One bug for each oracle: fuzzing that finds none of these would find nothing. */
const SEED = 1
const INPUTS = 5_000

const foundIn = async (target: Target, inputs = INPUTS): Promise<readonly string[]> =>
  (await run(target, { inputs, seed: SEED })).findings.map(({ what }) => what)

const stamps = (wrapped: Partial<Codec>): Target => {
  const grammar = grammarOf(stampCodec as Codec, stampSchema, STAMP_BYTES)
  return avroTarget('planted', stampSchema, { ...grammar, codec: { ...grammar.codec, ...wrapped } })
}

/** Calls `act` when the stamp's bytes have something that one in some hundred inputs has. */
const onSome = (act: (bytes: Uint8Array) => unknown): Partial<Codec> => ({
  read: (bytes) => {
    if (bytes.includes(0x81)) act(bytes)
    return stampCodec.read(bytes)
  },
})

test('a reader that takes a number in more bytes than it needs', async () => {
  const target = stamps({
    read: (bytes) => {
      const isLong = bytes.at(-1) === 0 && (bytes.at(-2) ?? 0) >= 0x80
      if (!isLong) return stampCodec.read(bytes)
      const last = Uint8Array.of((bytes.at(-2) ?? 0) & 0x7f)
      return stampCodec.read(concatBytes(bytes.subarray(0, -2), last))
    },
  })
  expect(await foundIn(target)).toEqual(['broken: core/avro writes other bytes'])
})

test('a reader and a writer that agree with each other and with nobody else', async () => {
  const grammar = grammarOf(alertCodec as Codec, alertSchema, PAYLOADS)
  const turned = (value: unknown) => {
    const { evaluation } = value as { readonly evaluation: { readonly credibility: number } }
    const other = { ...evaluation, credibility: ~evaluation.credibility }
    return { ...Object(value), evaluation: other }
  }
  const codec: Codec = {
    ...grammar.codec,
    read: (bytes) => {
      const read = alertCodec.read(bytes)
      return read.ok ? { ok: true, value: turned(read.value) } : read
    },
    write: (value) => alertCodec.write(turned(value)),
  }
  const target = avroTarget('planted', alertSchema, { ...grammar, codec })
  expect(await foundIn(target)).toEqual(['broken: avsc reads another value'])
})

test('a reader that throws what it does not promise', async () => {
  const throws = onSome((bytes) => {
    Reflect.get(bytes, 'no such property').length
  })
  expect(await foundIn(stamps(throws))).toEqual([expect.stringContaining('throws TypeError')])
})

test('a reader that never comes back', async () => {
  const loops = onSome((bytes) => {
    while (bytes.length > 0) bytes.at(0)
  })
  const { findings } = await run(stamps(loops), { inputs: 1_000, seed: SEED, hangMsMax: 300 })
  expect(findings.map(({ what }) => what)).toEqual(['hangs'])
}, 120_000)

test('a reader that takes long', async () => {
  const isSlow = onSome(() => {
    const startedAt = process.cpuUsage()
    let sum = 0
    while (process.cpuUsage(startedAt).user < 60_000) for (let n = 0; n < 1e5; n += 1) sum += n
    return sum
  })
  expect(await foundIn(stamps(isSlow), 60)).toEqual(['slow'])
}, 120_000)

test('a reader that forgets nothing', async () => {
  const kept: Uint8Array[] = []
  const leaks = onSome(() => kept.push(new Uint8Array(1_048_576)))
  expect(await foundIn(stamps(leaks))).toEqual(['memory'])
})

test('a verifier that says yes', async () => {
  const target = envelopeTarget(async () => true)
  expect(await foundIn(target)).toEqual(['broken: verifies, and nobody signed it'])
})

test('what is found is made small, and kept', async () => {
  const bytes = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251)
  const isBad = async (input: Uint8Array) => input.includes(7) && input.includes(9)
  const small = await minimised(bytes, isBad)
  expect([...small].toSorted()).toEqual([7, 9])
  const folder = mkdtempSync(join(tmpdir(), 'rabta-cases-'))
  const finding = { target: 'stamp', what: 'slow', seed: 1, index: 2, hex: '0709' }
  const [kept] = JSON.parse(readFileSync(keepCase(finding, folder), 'utf8'))
  rmSync(folder, { recursive: true })
  expect(kept).toEqual({ target: 'stamp', hex: '0709', about: 'slow', must: 'refused' })
})
