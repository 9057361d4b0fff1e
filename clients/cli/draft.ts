import { type DraftFault, DraftInvalid, type Place } from '#clients/cli/draft/draft-fault.ts'
import { parseDraft } from '#clients/cli/draft/parse-draft.ts'
import { shapeDraft } from '#clients/cli/draft/shape-draft.ts'
import type { Alert } from '#core/alert.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { AvroWriteError } from '#core/avro/writer.ts'
import { INDICATORS, type IndicatorType } from '#core/indicator.ts'
import { LIMITS } from '#core/limits.ts'
import type { Realm } from '#core/realm.ts'
import type { Refusal } from '#core/refusal.ts'
import type { Uuid } from '#core/uuid.ts'

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

/**
 * The alert that a draft in YAML or JSON means: `label` and `texts` must be there, all else has a
 * default. Lists that are sets may come in any order. Throws DraftInvalid with all that is wrong.
 */
export const alertFromDraft = (text: string, defaults: DraftDefaults): Alert => {
  const usual = { ...OPTIONAL, ...defaults }
  const { fields, faults, places } = shapeDraft(parseDraft(text), Object.keys(usual))
  if (faults.length > 0) throw new DraftInvalid(faults)
  const whole = { ...usual, ...fields }
  const read = meaningOf(whole)
  if ('alert' in read) return read.alert
  const found = partsOf(whole).flatMap((part) => meaningFaults(part, whole, places))
  throw new DraftInvalid(found.length > 0 ? found : [faultFrom(read.refusal, whole, places)])
}

type Fields = Readonly<Record<string, unknown>>

/** The strict writer and the meaning of an alert say what is wrong; nothing is checked twice. */
const meaningOf = (whole: Fields): { alert: Alert } | { refusal: Refusal } => {
  try {
    const read = decodeAlert(encodeAlert(whole as unknown as Alert))
    if (read.ok) return { alert: read.value }
    const { code, detail } = read.refusal
    // A label is refused by the names of its own fields.
    return {
      refusal: code === 'label-invalid' ? { code, detail: `label.${detail}` } : read.refusal,
    }
  } catch (error) {
    if (!(error instanceof AvroWriteError)) throw error
    return { refusal: { code: 'alert-malformed', detail: error.message } }
  }
}

/** One part of an alert: a field, or an item of one that is a list. */
interface AlertPart {
  readonly field: string
  readonly value: unknown
  /** Its place in the list; null when it is no item. */
  readonly index: number | null
}

const partsOf = (whole: Fields): readonly AlertPart[] =>
  Object.entries(whole).flatMap(([field, value]): readonly AlertPart[] =>
    Array.isArray(value) && value.length > 0
      ? value.map((item: unknown, index) => ({ field, value: [item], index }))
      : [{ field, value, index: null }],
  )

/** What is wrong with a part alone, in an alert that has nothing else to say. The meaning of a whole
 * ends at its first fault, and who writes a draft wants to hear of all. */
const meaningFaults = (
  { field, value, index }: AlertPart,
  whole: Fields,
  places: ReadonlyMap<string, Place>,
): readonly DraftFault[] => {
  const { origin, id, realm, sentAtMs } = whole
  const quiet = { ...OPTIONAL, origin, id, realm, sentAtMs, label: QUIET_LABEL, texts: QUIET_TEXTS }
  const read = meaningOf({ ...quiet, [field]: value })
  if ('alert' in read) return []
  const { detail = '' } = read.refusal
  const isOwn = detail === field || detail.startsWith(`${field}${index === null ? '.' : '[0]'}`)
  if (!isOwn) return []
  const path = index === null ? detail : detail.replace('[0]', `[${index}]`)
  return [faultFrom({ ...read.refusal, detail: path }, whole, places)]
}

const QUIET_LABEL = {
  classification: 'UNCLASSIFIED',
  jurisdictions: ['PK'],
  releasableTo: null,
  caveats: [],
}
const QUIET_TEXTS = [{ language: 'en', headline: 'quiet', narrative: '' }]

const faultFrom = (
  { code, detail = '' }: Refusal,
  whole: Fields,
  places: ReadonlyMap<string, Place>,
): DraftFault => {
  const kind = detail.replaceAll(/\[\d+\]/g, '')
  const wanted = kind === 'indicators.value' ? indicatorForm(detail, whole) : WANTED[kind]
  const why =
    code === 'text-controls'
      ? 'has control characters, or ones that turn the direction of the text'
      : (wanted ?? `${code}${detail === '' || places.has(detail) ? '' : ` (${detail})`}`)
  return { place: nearestPlace(detail, places), path: detail, why }
}

/** Of a part, or of the smallest around it that the draft has. */
const nearestPlace = (path: string, places: ReadonlyMap<string, Place>): Place | null => {
  const around = path.replace(/(?:\.[^.[]+|\[\d+\])$/, '')
  return places.get(path) ?? (around === path ? null : nearestPlace(around, places))
}

/** What parts must be that have a type but no meaning. */
const WANTED: Readonly<Record<string, string>> = {
  'label.jurisdictions': 'wants at least one, and each once',
  'label.releasableTo': 'wants at least one agency, and each once; leave it out for no narrowing',
  'label.caveats': 'wants each once',
  texts: 'wants at least one text, and each language once',
  'texts.language': 'must be a language’s code, as en or ur is',
  'texts.headline': `must be one line of 1 to ${LIMITS.headlineCharactersMax} characters, without spaces around it`,
  'texts.narrative': `must be at most ${LIMITS.narrativeCharactersMax} characters`,
  sentAtMs: 'is no time that a hub takes',
  expiresAtMs: 'must be later than the time it is sent',
  occurred: 'must be a time that does not end before it begins',
  'evaluation.credibility': 'must be 1 to 6',
  'areas.district': `must be one line of 1 to ${LIMITS.districtCharactersMax} characters`,
  'areas.point': 'must be a latitude to ±90 and a longitude to ±180 degrees',
  'areas.radiusMetres': `wants a point, and must be 1 to ${LIMITS.radiusMetresMax}`,
  'references.origin': 'must be the own agency, which alone corrects or recalls its alerts',
  'references.id': 'must be another alert than this one',
  references: 'must have one RECALLS if the kind is RECALL, and none if it is not',
  'caseReferences.value': 'must be letters, digits and . / : _ - with spaces between, up to 64',
  'legalBasis.provision': `must be one line of 1 to ${LIMITS.provisionCharactersMax} characters`,
}

const indicatorForm = (path: string, whole: Fields): string => {
  const at = Number(/\[(\d+)\]/.exec(path)?.[1])
  const indicators = whole['indicators'] as readonly { readonly type: IndicatorType }[]
  const type = indicators[at]?.type
  return type === undefined ? 'is of another form' : `must be ${INDICATORS[type].form} (${type})`
}
