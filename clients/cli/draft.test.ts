import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DraftInvalid } from '#clients/cli/draft/draft-fault.ts'
import { alertFromDraft } from '#clients/cli/draft.ts'
import { isUuid } from '#core/uuid.ts'

const id = '0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21'
if (!isUuid(id)) throw new RangeError(id)
const DEFAULTS = { origin: 'ctd-kp', realm: 'live', id, sentAtMs: 1_790_000_000_000 } as const

const alert = (text: string) => alertFromDraft(text, DEFAULTS)

/** All that is said of a draft: `line:column path why`. */
const faults = (text: string): readonly string[] => {
  try {
    alert(text)
  } catch (error) {
    if (!(error instanceof DraftInvalid)) throw error
    return error.faults.map(({ place, path, why }) =>
      [place && `${place.line}:${place.column}`, path, why].filter(Boolean).join(' '),
    )
  }
  throw new Error('the draft is an alert')
}

const GOOD = `
label: { classification: SECRET, jurisdictions: [PK-KP, PK] }
texts: [{ language: en, headline: Invented, narrative: Nothing happened. }]
`

describe('a draft', () => {
  test.each(['docs/examples/draft.yaml', 'docs/examples/draft.json'])('%s is an alert', (path) => {
    const { kind, texts } = alert(readFileSync(path, 'utf8'))
    expect([kind, texts.map(({ language }) => language)]).toEqual(['THREAT_ALERT', ['en', 'ur']])
  })

  test('needs a label and texts, and its sets come in any order', () => {
    expect(alert(GOOD)).toMatchObject({
      ...DEFAULTS,
      kind: 'INFORMATION_REPORT',
      label: { jurisdictions: ['PK', 'PK-KP'], releasableTo: null, caveats: [] },
    })
    expect(faults('kind: REQUEST')).toEqual(['1:1 «label» is missing', '1:1 «texts» is missing'])
  })

  test('means what stands there: no is a word, a date a text, zeros stay', () => {
    const { texts, indicators, caseReferences } = alert(`
label: { classification: SECRET, jurisdictions: [PK] }
texts: [{ language: no, headline: 2026-01-01, narrative: yes }]
indicators: [{ type: CNIC, value: 0012345678901 }, { type: PHONE, value: +923001234567 }]
caseReferences: [{ scheme: FIR, value: 1_000 }]
`)
    expect(texts).toEqual([{ language: 'no', headline: '2026-01-01', narrative: 'yes' }])
    expect(indicators.map(({ value }) => value)).toEqual(['0012345678901', '+923001234567'])
    expect(caseReferences[0]?.value ?? '').toBe('1_000')
  })

  test('may give times as people write them, with their zone', () => {
    const { expiresAtMs } = alert(`${GOOD}expiresAtMs: 2036-01-01T05:00:00+05:00`)
    expect(expiresAtMs).toBe(Date.UTC(2036, 0, 1))
    expect(faults(`${GOOD}expiresAtMs: 2036-01-01T05:00`)[0]).toContain('4:14 expiresAtMs must be')
  })
})

describe('what is wrong with a draft is said at once, with its place', () => {
  test('in its form', () => {
    const text = `
label:
  classification: SECRT
  jurisdiction: [PK-KP]
kind: LOOK_OUTS
texts:
  - { language: en, headline: x, narrative: y, colour: red }
evaluation: { reliability: B, credibility: two }
`
    expect(faults(text)).toEqual([
      '3:19 label.classification «SECRT» is not known; did you mean SECRET?',
      '4:3 label there is no field «jurisdiction»; did you mean jurisdictions?',
      '5:7 kind «LOOK_OUTS» is not known; did you mean LOOKOUT?',
      '7:48 texts[0] there is no field «colour»; fields are language, headline, narrative',
      '8:44 evaluation.credibility must be a whole number',
    ])
  })

  test('and in its meaning', () => {
    const text = `
label: { classification: SECRET, jurisdictions: [PK] }
texts:
  - { language: en, headline: "x ", narrative: y }
  - { language: english, headline: x, narrative: "a\\u202eb" }
indicators: [{ type: CNIC, value: 123 }, { type: IMEI, value: 490154203237518 }, { type: PHONE, value: 0300 }]
`
    expect(faults(text)).toEqual([
      '4:31 texts[0].headline must be one line of 1 to 300 characters, without spaces around it',
      expect.stringContaining('5:50 texts[1].narrative has control characters'),
      '6:35 indicators[0].value must be 13 digits (CNIC)',
      '6:104 indicators[2].value must be E.164: + and 7 to 15 digits (PHONE)',
    ])
    expect(faults(`${GOOD}kind: RECALL`)).toEqual([
      'references must have one RECALLS if the kind is RECALL, and none if it is not',
    ])
    const twice = GOOD.replace('[PK-KP, PK]', '[PK, PK]')
    expect(faults(twice)).toEqual(['2:49 label.jurisdictions wants at least one, and each once'])
  })

  test('in its grammar', () => {
    expect(faults('{"label": ')).toEqual([expect.stringMatching(/^1:\d+ /)])
    expect(faults('label: [\n')).toHaveLength(1)
    expect(faults('')).toEqual(['is empty'])
    expect(faults('- a')).toEqual(['1:1 must have fields'])
  })
})

describe('a draft cannot be made to mean more than it shows', () => {
  test('by aliases, anchors, merged keys, tags or a key twice', () => {
    expect(faults(`${GOOD}areas: &a []`)).toEqual([expect.stringContaining('anchors')])
    expect(faults(`a: &a [x]\nb: [*a, *a]`)[0]).toMatch(/anchors|aliases/)
    expect(faults(`${GOOD}<<: { kind: FLASH }`)).toEqual([expect.stringContaining('«<<»')])
    expect(faults(`${GOOD}kind: !!js/function x`)[0]).toContain('tag')
    expect(faults(`${GOOD}kind: !secret REQUEST`)[0]).toContain('tag')
    expect(faults(`${GOOD}kind: REQUEST\nkind: RESPONSE`)[0]).toContain('5:1')
    expect(faults(`${GOOD}---\nkind: REQUEST`)).toHaveLength(1)
    expect(faults(`${GOOD}__proto__: { kind: REQUEST }`)).toEqual([
      expect.stringContaining('«__proto__»'),
    ])
  })

  test('nor to fill the memory or the stack', () => {
    expect(faults('['.repeat(100_000))[0]).toContain('nested too deeply')
    expect(faults(`a: ${'['.repeat(40)}${']'.repeat(40)}`)[0]).toContain('nested too deeply')
    expect(faults('x'.repeat(300_000))).toEqual(['is longer than 262144 characters'])
  })
})
