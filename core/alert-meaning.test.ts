import { describe, expect, test } from 'vitest'
import { alertFrom, type WrittenAlert } from '#core/alert-meaning.ts'
import { LIMITS } from '#core/limits.ts'

const SENT_AT_MS = Date.UTC(2026, 8, 14)

const PLAIN: WrittenAlert = {
  realm: 'live',
  id: new Uint8Array(16).fill(7),
  origin: 'ctd-kp',
  kind: 'THREAT_ALERT',
  precedence: 'PRIORITY',
  label: { classification: 'SECRET', jurisdictions: ['PK-KP'], releasableTo: null, caveats: [] },
  evaluation: { reliability: 'B', credibility: 2 },
  sentAtMs: SENT_AT_MS,
  occurred: null,
  expiresAtMs: null,
  texts: [{ language: 'en', headline: 'A headline', narrative: '' }],
  areas: [],
  indicators: [],
  references: [],
  caseReferences: [],
  legalBasis: null,
}

const faultOf = (part: Partial<WrittenAlert>): string | undefined => {
  const alert = alertFrom({ ...PLAIN, ...part })
  return alert.ok ? undefined : alert.refusal.detail
}

test('an alert of plain parts has a meaning', () => {
  expect(faultOf({})).toBeUndefined()
})

describe('lengths', () => {
  const headlines = (headline: string) => ({
    texts: [{ language: 'en', headline, narrative: '' }],
  })
  // One code point, two of UTF-16's units, four bytes of UTF-8.
  const SIGN = '\u{1f6a8}'

  test('are counted in characters, and not in what JavaScript holds them in', () => {
    const max = LIMITS.headlineCharactersMax
    expect(faultOf(headlines('a'.repeat(max)))).toBeUndefined()
    expect(faultOf(headlines(SIGN.repeat(max)))).toBeUndefined()
    expect(faultOf(headlines(SIGN.repeat(max + 1)))).toBe('texts[0].headline')
    expect(faultOf(headlines(`${SIGN.repeat(max)}a`))).toBe('texts[0].headline')
    expect(faultOf(headlines('a'.repeat(max + 1)))).toBe('texts[0].headline')
  })
})

describe('when it occurred', () => {
  const occurred = (fromMs: number, toMs: number) => faultOf({ occurred: { fromMs, toMs } })

  test('may be long before the alert, or after it', () => {
    expect(occurred(Date.UTC(1947, 7, 14), Date.UTC(1947, 7, 15))).toBeUndefined()
    expect(occurred(SENT_AT_MS + 1, SENT_AT_MS + 1)).toBeUndefined()
  })

  test('is a time that a calendar has, so that whoever shows it does not fail', () => {
    for (const far of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 8_640_000_000_000_001]) {
      expect(occurred(Math.min(far, 0), Math.max(far, 0))).toBe('occurred')
    }
  })

  test('does not end before it begins', () => {
    expect(occurred(SENT_AT_MS, SENT_AT_MS - 1)).toBe('occurred')
  })
})
