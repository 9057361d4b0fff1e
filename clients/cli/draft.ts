import { isAgencyId } from '#core/agency.ts'
import type { Alert } from '#core/alert.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { AvroWriteError } from '#core/avro/writer.ts'
import { fromHex } from '#core/bytes.ts'
import type { Realm } from '#core/realm.ts'
import { isUuid, type Uuid } from '#core/uuid.ts'

/** A draft that is no alert: says which part, and what it should be. */
export class DraftInvalid extends Error {
  override readonly name = 'DraftInvalid'
}

export interface DraftDefaults {
  readonly origin: string
  readonly realm: Realm
  readonly id: Uuid
  readonly sentAtMs: number
}

const OPTIONAL = {
  kind: 'INFORMATION_REPORT',
  precedence: 'ROUTINE',
  evaluation: { reliability: 'F', credibility: 6 },
  occurred: null,
  expiresAtMs: null,
  areas: [],
  indicators: [],
  references: [],
  caseReferences: [],
  legalBasis: null,
}
const FIELDS = [...Object.keys(OPTIONAL), 'label', 'texts', 'id', 'origin', 'realm', 'sentAtMs']

/**
 * The alert that a JSON draft means: `label` and `texts` must be there, all else has a default.
 * Lists that are sets may come in any order. Throws DraftInvalid.
 */
export const alertFromDraft = (json: string, defaults: DraftDefaults): Alert => {
  const draft = objectFrom(parsed(json), 'the draft')
  const stray = Object.keys(draft).find((field) => !FIELDS.includes(field))
  if (stray !== undefined) {
    throw new DraftInvalid(`there is no field «${stray}»; fields are ${FIELDS.join(', ')}`)
  }
  for (const field of ['label', 'texts']) {
    if (draft[field] === undefined) throw new DraftInvalid(`«${field}» is missing`)
  }
  const whole = { ...OPTIONAL, ...defaults, ...draft }
  return checked({
    ...whole,
    label: labelFrom(objectFrom(draft['label'], 'label')),
    areas: listFrom(whole.areas, 'areas').map((area) => ({
      district: null,
      point: null,
      radiusMetres: null,
      ...objectFrom(area, 'areas'),
    })),
    references: listFrom(whole.references, 'references').map(referenceFrom),
  })
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new DraftInvalid(`the draft is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
}

/** The strict writer and the meaning of an alert say what is wrong; nothing is checked twice. */
const checked = (whole: Readonly<Record<string, unknown>>): Alert => {
  if (!isUuid(String(whole['id']))) throw new DraftInvalid('«id» must be a UUID in lower case')
  if (!isAgencyId(String(whole['origin']))) throw new DraftInvalid('«origin» must be an agency')
  try {
    const alert = decodeAlert(encodeAlert(whole as unknown as Alert))
    if (alert.ok) return alert.value
    const { code, detail } = alert.refusal
    throw new DraftInvalid(`${code}${detail === undefined ? '' : ` at ${detail}`}`)
  } catch (error) {
    if (!(error instanceof AvroWriteError)) throw error
    throw new DraftInvalid(error.message)
  }
}

const labelFrom = (label: Readonly<Record<string, unknown>>) => ({
  classification: label['classification'],
  jurisdictions: sorted(label['jurisdictions'] ?? [], 'label.jurisdictions'),
  releasableTo:
    (label['releasableTo'] ?? null) === null
      ? null
      : sorted(label['releasableTo'], 'label.releasableTo'),
  caveats: sorted(label['caveats'] ?? [], 'label.caveats'),
})

const referenceFrom = (value: unknown) => {
  const reference = objectFrom(value, 'references')
  const digest = fromHex(String(reference['digest']))
  if (!isUuid(String(reference['id']))) throw new DraftInvalid('references: «id» must be a UUID')
  if (digest?.length !== 32) {
    throw new DraftInvalid('references: «digest» must be 64 hexadecimal digits')
  }
  return { ...reference, digest }
}

const sorted = (value: unknown, path: string): readonly unknown[] =>
  [...listFrom(value, path)].sort()

const listFrom = (value: unknown, path: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new DraftInvalid(`«${path}» must be a list`)
  return value
}

const objectFrom = (value: unknown, path: string): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DraftInvalid(`«${path}» must be an object`)
  }
  return { ...value }
}
