import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml'
import { DraftInvalid, type Place } from '#clients/cli/draft/draft-fault.ts'
import { LIMITS } from '#core/limits.ts'

/** A part of a draft, as it was written. */
export type Part =
  | { readonly is: 'map'; readonly place: Place; readonly fields: readonly Field[] }
  | { readonly is: 'list'; readonly place: Place; readonly items: readonly Part[] }
  | {
      readonly is: 'scalar'
      readonly place: Place
      /** As it stands there: `no`, `007` and `2026-01-01` are the texts that they are. */
      readonly text: string
      readonly value: unknown
    }

export interface Field {
  readonly name: string
  readonly place: Place
  readonly part: Part
}

/**
 * The parts of a draft in YAML 1.2, of which JSON is a part. Takes no alias, no tag and no key
 * twice: a draft means what is read in it, and stays as large as it looks. Throws DraftInvalid.
 */
export const parseDraft = (text: string): Part => {
  if (text.length > LIMITS.draftCharactersMax) {
    throw faulty(null, `is longer than ${LIMITS.draftCharactersMax} characters`)
  }
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const document = parsed(text, lines)
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ message, pos: [at] }) => {
      // The parser goes down a level of the draft by a level of the stack.
      const why = /call stack/.test(message) ? 'is nested too deeply' : message
      return { place: placeAt(at), path: '', why }
    })
    throw new DraftInvalid(faults)
  }
  if (document.contents === null) throw faulty(null, 'is empty')
  return partOf(document.contents, { placeAt, depthLeft: LIMITS.draftDepthMax })
}

const parsed = (text: string, lineCounter: LineCounter) => {
  // With `silent` the parser would pass over a second document without a word.
  const options = { lineCounter, prettyErrors: false, logLevel: 'error', merge: false } as const
  try {
    return parseDocument<ParsedNode>(text, { ...options, version: '1.2', schema: 'core' })
  } catch (error) {
    if (error instanceof RangeError) throw faulty(null, 'is nested too deeply')
    throw error
  }
}

interface Reading {
  readonly placeAt: (offset: number) => Place
  readonly depthLeft: number
}

const partOf = (node: ParsedNode, reading: Reading): Part => {
  const { placeAt, depthLeft } = reading
  const place = placeAt(node.range[0])
  if (isAlias(node)) throw faulty(place, 'aliases are not taken: write it out')
  if (node.tag !== undefined) {
    throw faulty(place, `the tag ${node.tag} is not taken`)
  }
  if (node.anchor !== undefined) throw faulty(place, 'anchors are not taken: write it out')
  if (depthLeft === 0) throw faulty(place, 'is nested too deeply')
  const below = { placeAt, depthLeft: depthLeft - 1 }
  if (isSeq(node))
    return { is: 'list', place, items: node.items.map((item) => partOf(item, below)) }
  if (isScalar(node)) return { is: 'scalar', place, text: textOf(node), value: node.value }
  if (!isMap(node)) throw faulty(place, 'is nothing that is known')
  const fields = node.items.map(({ key, value }) => {
    const at = placeAt(key.range[0])
    if (!isScalar(key)) throw faulty(at, 'a field’s name is a word')
    const part = value === null ? empty(at) : partOf(value, below)
    return { name: textOf(key), place: at, part }
  })
  return { is: 'map', place, fields }
}

const empty = (place: Place): Part => ({ is: 'scalar', place, text: '', value: null })

const textOf = ({ value, source }: { readonly value: unknown; readonly source: string }): string =>
  typeof value === 'string' ? value : source

const faulty = (place: Place | null, why: string): DraftInvalid =>
  new DraftInvalid([{ place, path: '', why }])
