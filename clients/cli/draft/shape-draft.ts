import { didYouMean, nearest } from '#clients/cli/did-you-mean.ts'
import type { DraftFault, Place } from '#clients/cli/draft/draft-fault.ts'
import type { Part } from '#clients/cli/draft/parse-draft.ts'
import { isAgencyId } from '#core/agency.ts'
import { isNullable, parseSchema, type RecordSchema, type Schema } from '#core/avro/schema.ts'
import { fromHex } from '#core/bytes.ts'
import { ALL_JURISDICTIONS, jurisdictionFrom } from '#core/jurisdiction.ts'
import { alertSchema } from '#core/schemas.ts'
import { isUuid } from '#core/uuid.ts'

/** The fields of an alert that a draft gives, as the writer takes them; all that is wrong. */
export interface Shaped {
  readonly fields: Readonly<Record<string, unknown>>
  readonly faults: readonly DraftFault[]
  /** Where each part stands, by its path: `texts[0].headline`. */
  readonly places: ReadonlyMap<string, Place>
}

const ALERT = parseSchema(alertSchema)

/** What the schema of an alert makes of a draft; `optional`: what need not be there. */
export const shapeDraft = (draft: Part, optional: readonly string[]): Shaped => {
  const shaping: Shaping = { faults: [], places: new Map(), optional }
  const fields = ALERT.type === 'record' ? recordFrom(ALERT, draft, { ...shaping, path: '' }) : {}
  return { ...shaping, fields: { ...Object(fields) } }
}

interface Shaping {
  readonly faults: DraftFault[]
  readonly places: Map<string, Place>
  readonly optional: readonly string[]
}
interface At extends Shaping {
  readonly path: string
}

const shape = (schema: Schema, part: Part, at: At): unknown => {
  at.places.set(at.path, part.place)
  switch (schema.type) {
    case 'record':
      return recordFrom(schema, part, at)
    case 'array':
      return listFrom(schema.items, part, at)
    case 'union': {
      const other = schema.branches.find(({ type }) => type !== 'null')
      if (!isNullable(schema) || other === undefined) throw new TypeError('a union of many')
      return isNull(part) ? null : shape(other, part, at)
    }
    case 'enum':
      return oneOf(schema.symbols, part, at)
    case 'fixed':
      return schema.size === 16 ? uuidFrom(part, at) : digestFrom(part, at)
    case 'string':
      return textFrom(part, at)
    case 'int':
    case 'long':
      return at.path.endsWith('Ms') ? timeFrom(part, at) : numberFrom(part, at, 'a whole number')
    default:
      return numberFrom(part, at, 'a number')
  }
}

const recordFrom = (schema: RecordSchema, part: Part, at: At): unknown => {
  if (part.is !== 'map') return wrong(part, at, 'must have fields')
  const names = schema.fields.map(({ name }) => name)
  const value: Record<string, unknown> = {}
  const meant = new Set<string | null>()
  for (const { name, place, part: inner } of part.fields) {
    const field = schema.fields.find((one) => one.name === name)
    const path = at.path === '' ? name : `${at.path}.${name}`
    if (field !== undefined) value[name] = shape(field.schema, inner, { ...at, path })
    else {
      meant.add(nearest(name, names))
      const hint = didYouMean(name, names) || `; fields are ${names.join(', ')}`
      at.faults.push({ place, path: at.path, why: `there is no field «${name}»${hint}` })
    }
  }
  for (const { name, schema: inner } of schema.fields) {
    if (meant.has(name) || part.fields.some((one) => one.name === name)) continue
    if (at.path === '' && at.optional.includes(name)) continue
    const path = at.path === '' ? name : `${at.path}.${name}`
    if (inner.type === 'union') value[name] = null
    else if (inner.type === 'array' && !NEEDED_LISTS.includes(path)) value[name] = []
    else at.faults.push({ place: part.place, path: at.path, why: `«${name}» is missing` })
  }
  return value
}

/** An alert is about somewhere, and says something. */
const NEEDED_LISTS: readonly string[] = ['label.jurisdictions', 'texts']
/** Lists that are sets: in an alert they are sorted. */
const SETS: readonly string[] = ['label.jurisdictions', 'label.releasableTo', 'label.caveats']

const listFrom = (items: Schema, part: Part, at: At): unknown => {
  if (part.is !== 'list') return wrong(part, at, 'must be a list')
  const values = part.items.map((item, index) =>
    shape(items, item, { ...at, path: `${at.path}[${index}]` }),
  )
  return SETS.includes(at.path) ? values.toSorted() : values
}

const textFrom = (part: Part, at: At): unknown => {
  if (part.is !== 'scalar' || part.value === null) return wrong(part, at, 'must be a text')
  const { text } = part
  const kind = at.path.replaceAll(/\[\d+\]/g, '')
  if (kind === 'label.jurisdictions' || kind === 'areas.jurisdiction') {
    return jurisdictionFrom(text) ?? oneOf(ALL_JURISDICTIONS, part, at)
  }
  const isAgency = kind === 'label.releasableTo' || kind.endsWith('origin')
  if (isAgency && !isAgencyId(text)) return wrong(part, at, 'must be an agency, as ctd-kp is')
  return text
}

const oneOf = (symbols: readonly string[], part: Part, at: At): unknown => {
  const text = part.is === 'scalar' ? part.text : ''
  if (symbols.includes(text)) return text
  const hint = didYouMean(text, symbols) || `; known are ${symbols.join(' ')}`
  return wrong(
    part,
    at,
    text === '' ? `must be one of ${symbols.join(' ')}` : `«${text}» is not known${hint}`,
  )
}

const uuidFrom = (part: Part, at: At): unknown => {
  const text = part.is === 'scalar' ? part.text : ''
  return isUuid(text) ? text : wrong(part, at, 'must be a UUID in lower case')
}

const digestFrom = (part: Part, at: At): unknown => {
  const digest = part.is === 'scalar' ? fromHex(part.text) : null
  return digest?.length === 32 ? digest : wrong(part, at, 'must be 64 hexadecimal digits')
}

const numberFrom = (part: Part, at: At, what: string): unknown => {
  const value = part.is === 'scalar' ? part.value : null
  const isRight = typeof value === 'number' && Number.isFinite(value)
  if (!isRight || (what === 'a whole number' && !Number.isSafeInteger(value))) {
    return wrong(part, at, `must be ${what}`)
  }
  return value
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

/** In milliseconds since 1970, or as people write it, with its zone. */
const timeFrom = (part: Part, at: At): unknown => {
  if (part.is === 'scalar' && TIME.test(part.text)) {
    const ms = Date.parse(part.text)
    if (Number.isSafeInteger(ms)) return ms
  }
  const value = part.is === 'scalar' ? part.value : null
  if (Number.isSafeInteger(value)) return value
  return wrong(part, at, 'must be a time, as 2026-11-01T09:00:00+05:00, or milliseconds since 1970')
}

const isNull = (part: Part): boolean => part.is === 'scalar' && part.value === null

const wrong = ({ place }: Part, { faults, path }: At, why: string): null => {
  faults.push({ place, path, why })
  return null
}
