import { isAgencyId } from '#core/agency.ts'
import type {
  Alert,
  AlertName,
  Area,
  CaseReference,
  Indicator,
  Period,
  Reference,
  Text,
} from '#core/alert.ts'
import type { ValueOf } from '#core/avro/value-of.ts'
import { INDICATORS } from '#core/indicator.ts'
import { jurisdictionFrom } from '#core/jurisdiction.ts'
import { labelFrom } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { alertSchema } from '#core/schemas.ts'
import { isPlainLine, isPlainText, isWithin } from '#core/text.ts'
import { isEventTimeMs, isTimeMs } from '#core/time.ts'
import { uuidFromBytes } from '#core/uuid.ts'

/** An alert as the schema has it, before anyone asked what it means. */
export type WrittenAlert = ValueOf<typeof alertSchema>

/** Null when the value means something, else which part does not: a field's path, never its value. */
type Fault = string | null

/** The alert that was written: every field has a meaning, whatever the time is. */
export const alertFrom = (written: WrittenAlert): Result<Alert> => {
  const { origin } = written
  if (!isAgencyId(origin)) return refuse('alert-meaningless', 'origin')
  const label = labelFrom(written.label)
  if (!label.ok) return label
  const id = uuidFromBytes(written.id)
  const name = { origin, id }
  const controls = controlsIn(written)
  if (controls !== null) return refuse('text-controls', controls)
  const areas = each(written.areas, 'areas', areaFrom)
  const references = each(written.references, 'references', referenceFrom(name))
  if (typeof areas === 'string') return refuse('alert-meaningless', areas)
  if (typeof references === 'string') return refuse('alert-meaningless', references)
  const fault =
    timesFault(written) ??
    textsFault(written.texts) ??
    listFault(written.indicators, 'indicators', indicatorFault) ??
    listFault(written.caseReferences, 'caseReferences', caseReferenceFault) ??
    legalBasisFault(written.legalBasis) ??
    evaluationFault(written) ??
    recallFault(written.kind, references)
  if (fault !== null) return refuse('alert-meaningless', fault)
  return accept({ ...written, ...name, label: label.value, areas, references })
}

const controlsIn = ({ texts, areas, indicators, legalBasis }: WrittenAlert): Fault => {
  for (const [at, { headline, narrative }] of texts.entries()) {
    if (!isPlainLine(headline)) return `texts[${at}].headline`
    if (!isPlainText(narrative)) return `texts[${at}].narrative`
  }
  for (const [at, { district }] of areas.entries()) {
    if (district !== null && !isPlainLine(district)) return `areas[${at}].district`
  }
  for (const [at, { value }] of indicators.entries()) {
    if (!isPlainLine(value)) return `indicators[${at}].value`
  }
  return legalBasis !== null && !isPlainLine(legalBasis.provision) ? 'legalBasis.provision' : null
}

const timesFault = ({ sentAtMs, expiresAtMs, occurred }: WrittenAlert): Fault => {
  if (!isTimeMs(sentAtMs)) return 'sentAtMs'
  if (expiresAtMs !== null && !(isTimeMs(expiresAtMs) && expiresAtMs > sentAtMs)) {
    return 'expiresAtMs'
  }
  return occurred === null || isPeriod(occurred) ? null : 'occurred'
}

/** What happened may lie before 1970 and, for a threat, in the future. */
const isPeriod = ({ fromMs, toMs }: Period): boolean =>
  isEventTimeMs(fromMs) && isEventTimeMs(toMs) && fromMs <= toMs

const textsFault = (texts: readonly Text[]): Fault => {
  const languages = new Set(texts.map(({ language }) => language))
  if (texts.length === 0 || languages.size < texts.length) return 'texts'
  return listFault(texts, 'texts', ({ language, headline, narrative }) => {
    if (!/^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?$/.test(language)) return 'language'
    if (!isLine(headline, LIMITS.headlineCharactersMax)) return 'headline'
    return isWithin(narrative, LIMITS.narrativeCharactersMax) ? null : 'narrative'
  })
}

const isLine = (text: string, charactersMax: number): boolean =>
  text.length > 0 && isWithin(text, charactersMax) && text.trim() === text

const areaFrom = (written: WrittenAlert['areas'][number]): Area | string => {
  const { district, point, radiusMetres } = written
  const jurisdiction = jurisdictionFrom(written.jurisdiction)
  if (jurisdiction === null) return 'jurisdiction'
  if (district !== null && !isLine(district, LIMITS.districtCharactersMax)) return 'district'
  if (point !== null && !(Math.abs(point.latitude) <= 90 && Math.abs(point.longitude) <= 180)) {
    return 'point'
  }
  const radiusIsRight =
    radiusMetres === null ||
    (point !== null && radiusMetres >= 1 && radiusMetres <= LIMITS.radiusMetresMax)
  return radiusIsRight ? { jurisdiction, district, point, radiusMetres } : 'radiusMetres'
}

const indicatorFault = ({ type, value }: Indicator): Fault =>
  INDICATORS[type].matches(value) ? null : 'value'

const referenceFrom =
  (self: AlertName) =>
  (written: WrittenAlert['references'][number]): Reference | string => {
    const { relation, origin, digest } = written
    if (!isAgencyId(origin)) return 'origin'
    const id = uuidFromBytes(written.id)
    const isOwn = origin === self.origin
    if (isOwn && id === self.id) return 'id'
    // Only its originator corrects or recalls an alert.
    if ((relation === 'SUPERSEDES' || relation === 'RECALLS') && !isOwn) return 'origin'
    return { relation, origin, id, digest }
  }

const caseReferenceFault = ({ value }: CaseReference): Fault =>
  /^[A-Za-z0-9](?:[A-Za-z0-9 ./:_-]{0,62}[A-Za-z0-9])?$/.test(value) ? null : 'value'

const legalBasisFault = (basis: WrittenAlert['legalBasis']): Fault => {
  if (basis === null) return null
  if (!isLine(basis.provision, LIMITS.provisionCharactersMax)) return 'legalBasis.provision'
  const { expiresAtMs } = basis
  return expiresAtMs === null || isTimeMs(expiresAtMs) ? null : 'legalBasis.expiresAtMs'
}

const evaluationFault = ({ evaluation: { credibility } }: WrittenAlert): Fault =>
  credibility >= 1 && credibility <= 6 ? null : 'evaluation.credibility'

/** A recall recalls one alert, and nothing else does. */
const recallFault = (kind: WrittenAlert['kind'], references: readonly Reference[]): Fault => {
  const recalls = references.filter(({ relation }) => relation === 'RECALLS').length
  return recalls === (kind === 'RECALL' ? 1 : 0) ? null : 'references'
}

const listFault = <T>(items: readonly T[], path: string, fault: (item: T) => Fault): Fault => {
  if (items.length > LIMITS.listItemsMax) return path
  for (const [at, item] of items.entries()) {
    const part = fault(item)
    if (part !== null) return `${path}[${at}].${part}`
  }
  return null
}

/** The parsed items, or the path of the first that is none. */
const each = <W, T extends object>(
  items: readonly W[],
  path: string,
  parse: (item: W) => T | string,
): readonly T[] | string => {
  if (items.length > LIMITS.listItemsMax) return path
  const parsed: T[] = []
  for (const [at, item] of items.entries()) {
    const value = parse(item)
    if (typeof value === 'string') return `${path}[${at}].${value}`
    parsed.push(value)
  }
  return parsed
}
