import { describe, expect, test } from 'vitest'
import { openSecondOpinion } from '#adapters/avsc/second-opinion.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { alertToJson } from '#core/alert-json.ts'
import type { WrittenAlert } from '#core/alert-meaning.ts'
import { decodeSingleObject, encodeSingleObject } from '#core/avro/single-object.ts'
import { hex } from '#core/bytes.ts'
import { alertCodec, alertCodecs } from '#core/codecs.ts'
import { digestOf } from '#core/envelope.ts'
import { KINDS } from '#core/kind.ts'
import { REFUSALS, type RefusalCode } from '#core/refusal.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'

type AlertJson = ReturnType<typeof alertToJson>

interface AlertVectors {
  readonly fingerprint: string
  readonly payloadType: string
  readonly valid: readonly {
    readonly why: string
    readonly alert: AlertJson
    readonly means?: AlertJson
    readonly payload: string
    readonly digest: string
  }[]
  readonly invalid: readonly {
    readonly why: string
    readonly code: RefusalCode
    readonly detail?: string
    readonly payload: string
  }[]
}

const { fingerprint, payloadType, valid, invalid } = readVectors<AlertVectors>('alerts.json')
const secondOpinion = openSecondOpinion()

/** The alert as it is written, before anyone asked what it means. */
const writtenFrom = (json: AlertJson): WrittenAlert => ({
  ...json,
  id: unhex(json.id.replaceAll('-', '')),
  references: json.references.map((one) => ({
    ...one,
    id: unhex(one.id.replaceAll('-', '')),
    digest: unhex(one.digest),
  })),
})

test('there are enough alerts, of every kind and in every optional form', () => {
  expect(alertCodec.fingerprint).toBe(fingerprint)
  expect(valid.length).toBeGreaterThanOrEqual(25)
  expect(invalid.length).toBeGreaterThanOrEqual(60)
  const alerts = valid.map(({ alert }) => alert)
  expect(new Set(alerts.map(({ kind }) => kind))).toEqual(new Set(KINDS))
  for (const part of ['occurred', 'expiresAtMs', 'legalBasis'] as const) {
    expect(new Set(alerts.map((alert) => alert[part] === null))).toEqual(new Set([true, false]))
  }
  const codes = new Set(invalid.map(({ code }) => code))
  expect([...codes].filter((code) => !Object.hasOwn(REFUSALS, code))).toEqual([])
})

describe('an alert', () => {
  test.each(valid)('$why', ({ alert, means, payload, digest }) => {
    const bytes = unhex(payload)
    const read = decodeAlert(bytes)
    if (!read.ok) throw new Error(`${read.refusal.code} ${read.refusal.detail}`)
    expect(JSON.parse(JSON.stringify(alertToJson(read.value)))).toEqual(means ?? alert)
    expect(hex(encodeSingleObject(alertCodec, writtenFrom(alert)))).toBe(payload)
    if (means === undefined) expect(hex(encodeAlert(read.value))).toBe(payload)
    expect(secondOpinion.agreesOnAlert(bytes)).toBe(true)
    expect(hex(digestOf({ payloadType, payload: bytes, signatures: [] }, sha256))).toBe(digest)
  })
})

describe('no alert', () => {
  test.each(invalid)('$why', ({ code, detail, payload }) => {
    const bytes = unhex(payload)
    const startedAtMs = performance.now()
    const read = decodeAlert(bytes)
    const tookMs = performance.now() - startedAtMs
    expect(read).toEqual({
      ok: false,
      refusal: detail === undefined ? { code } : { code, detail },
    })
    expect(tookMs).toBeLessThan(50)
  })
})

test('the codec refuses what has no form, and nothing that has one', () => {
  const form = invalid.filter(({ code }) => code === 'alert-malformed')
  const meaning = invalid.filter(
    ({ code }) => code !== 'alert-malformed' && code !== 'schema-unknown',
  )
  const isRead = ({ payload }: { readonly payload: string }): boolean =>
    decodeSingleObject(alertCodecs, unhex(payload)).ok
  expect(form.filter(isRead)).toEqual([])
  // The others pass both codecs: their meaning alone keeps them out.
  expect(meaning.filter((one) => !isRead(one))).toEqual([])
})

test('five bytes that claim two thousand million items cost next to nothing', () => {
  const bombs = invalid.filter(({ why }) => why.startsWith('five bytes that claim'))
  expect(bombs).toHaveLength(2)
  for (const { payload } of bombs) {
    const bytes = unhex(payload)
    const heapBefore = process.memoryUsage().heapUsed
    const timesMs = Array.from({ length: 5 }, () => {
      const startedAtMs = performance.now()
      expect(decodeAlert(bytes).ok).toBe(false)
      return performance.now() - startedAtMs
    })
    // The quickest of a few: the machine may be busy, but the reader may not.
    expect(Math.min(...timesMs)).toBeLessThan(10)
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(10_000_000)
  }
})
