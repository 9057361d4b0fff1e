import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { DraftInvalid } from '#clients/cli/draft/draft-fault.ts'
import { alertFromDraft } from '#clients/cli/draft.ts'
import { incidentAlert } from '#clients/cli/import/incident-alert.ts'
import { type Cells, COLUMNS, rowFrom } from '#clients/cli/import/incident-row.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { eventBlocks } from '#clients/sdk/sse.ts'
import { byteSequenceFrom, indexedBytesFrom } from '#clients/sdk/structured-field.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { base64, fromUtf8, utf8 } from '#core/bytes.ts'
import { gatewaySettingsFrom } from '#core/gateway-settings.ts'
import { kafkaFrom } from '#core/kafka-settings.ts'
import { labelFromJson } from '#core/label-json.ts'
import { placeFrom } from '#core/place-settings.ts'
import { isReader, READERS, SettingInvalid } from '#core/setting.ts'
import { isSettingName, SETTINGS, settingsOf } from '#core/settings.ts'
import { NOW_MS, uuid } from '#tests/fuzz/corpus.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import type { Random } from '#tests/fuzz/random.ts'
import { broken, sameBytes, type Target, type Verdict } from '#tests/fuzz/target.ts'

const DRAFTS = ['docs/examples/draft.yaml', 'docs/examples/draft.json'].map((path) =>
  readFileSync(path),
)
const DRAFT_DEFAULTS = { origin: 'ctd-kp', realm: 'live', id: uuid(1), sentAtMs: NOW_MS } as const

const draft: Target = {
  name: 'draft',
  weight: 2,
  // A person's own file, read once: a parser of YAML takes its time over what is nested deeply.
  cpuMsMax: 2_000,
  make: (random) => mutant(DRAFTS, random),
  take: (bytes) => {
    const text = fromUtf8(bytes)
    if (text === null) return 'refused'
    try {
      const alert = alertFromDraft(text, DRAFT_DEFAULTS)
      const written = encodeAlert(alert)
      const again = decodeAlert(written)
      return again.ok ? 'accepted' : broken('a draft is an alert that nobody can read')
    } catch (error) {
      if (error instanceof DraftInvalid) return 'refused'
      throw error
    }
  },
}

const ROWS: readonly (readonly string[])[] = parse(
  readFileSync('tests/fixtures/incidents-sample.csv'),
)
const [HEADER = [], ...SAMPLES] = ROWS
const CELLS = SAMPLES.map((row) =>
  COLUMNS.map((column) => row[HEADER.indexOf(column)] ?? '').join('\u001f'),
).map(utf8)

/** Cells, by unit separators. */
const csvRow: Target = {
  name: 'import-row',
  weight: 10,
  make: (random) => mutant(CELLS, random),
  take: (bytes) => {
    // As the parser of files does it: bytes that are no UTF-8 become replacement characters.
    const values = Buffer.from(bytes).toString().split('\u001f')
    const cells = Object.fromEntries(COLUMNS.map((column, at) => [column, values[at] ?? '']))
    const result = rowFrom(cells as Cells)
    if (!result.ok) return values.length === COLUMNS.length ? 'read' : 'refused'
    const alert = incidentAlert(result.row, { realm: 'live', sentAtMs: NOW_MS, sha256 })
    const read = decodeAlert(encodeAlert(alert))
    return read.ok ? 'accepted' : broken(`a row makes no alert: ${read.refusal.code}`)
  },
}

const LABELS = [
  { classification: 'SECRET', jurisdictions: ['PK', 'PK-KP'], releasableTo: null, caveats: [] },
  {
    classification: 'RESTRICTED',
    jurisdictions: ['PK-TA'],
    releasableTo: ['nacta'],
    caveats: ['ORCON'],
  },
].map((label) => utf8(JSON.stringify(label)))

const label: Target = {
  name: 'label-json',
  weight: 10,
  make: (random) => mutant(LABELS, random),
  take: (bytes) => {
    const value = jsonFrom(bytes)
    if (value === undefined) return 'refused'
    const read = labelFromJson(value)
    if (!read.ok) return 'read'
    const again = labelFromJson(JSON.parse(JSON.stringify(read.value)))
    const isSame = again.ok && JSON.stringify(again.value) === JSON.stringify(read.value)
    return isSame ? 'accepted' : broken('a label means another thing again')
  },
}

const jsonFrom = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    // What is no JSON never comes to it.
    return undefined
  }
}

const SETTING_VALUES = [
  './data',
  '127.0.0.1:8700',
  '[::1]:0',
  'yes',
  'https://hub.example/x',
  'a.example:9092,b.example:9092',
  'rediss://user@redis.example:6380/1',
  'reads=100,denied=5',
  '3',
  'ctd-kp/duty-officer',
  'live',
]
const NAMES = Object.keys(SETTINGS)

const environmentText = (random: Random): Uint8Array => {
  const lines = Array.from({ length: 1 + random.below(4) }, () => {
    const name = random.pick(NAMES)
    const value = random.pick(SETTING_VALUES)
    return `${name}=${random.chance(0.5) ? value : mutantText(value, random)}`
  })
  return utf8([random.pick(READERS), 'RABTA_HOME=x', ...lines].join('\n'))
}

const mutantText = (text: string, random: Random): string =>
  Buffer.from(mutant([utf8(text)], random)).toString()

/** A reader's name, then an environment. */
const settings: Target = {
  name: 'settings',
  weight: 10,
  make: environmentText,
  take: (bytes) => {
    const [reader = '', ...lines] = Buffer.from(bytes).toString().split('\n')
    const env = Object.fromEntries(lines.map((line) => cut(line, '=')))
    if (!isReader(reader)) return 'refused'
    const uses: readonly (() => unknown)[] = [
      () => NAMES.filter(isSettingName).map((name) => settingsOf(reader, env)(name)),
      () => placeFrom(reader, env),
      () => gatewaySettingsFrom(env),
      () => kafkaFrom(env),
    ]
    const taken = uses.filter((use) => isValid(use)).length
    return taken === 0 ? 'refused' : taken < uses.length ? 'read' : 'accepted'
  },
}

const cut = (line: string, by: string): readonly [string, string] => {
  const at = line.indexOf(by)
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}

const isValid = (use: () => unknown): boolean => {
  try {
    use()
    return true
  } catch (error) {
    if (error instanceof SettingInvalid) return false
    throw error
  }
}

const EVENT = utf8('id: AAAA\nevent: alert\ndata: {"a":1}\n\n: heartbeat\n\ndata: x\n\n')

/** What a hub that is not one may send to the SDK. */
const events: Target = {
  name: 'sdk-events',
  weight: 5,
  make: (random) => mutant([EVENT], random),
  take: async (bytes): Promise<Verdict> => {
    try {
      let blocks = 0
      for await (const _ of eventBlocks(inPieces(bytes))) blocks += 1
      return blocks === 0 ? 'refused' : 'accepted'
    } catch (error) {
      if (error instanceof HubMisbehaved) return 'refused'
      throw error
    }
  },
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.length >> 1)
  yield bytes.subarray(bytes.length >> 1)
}

const FIELDS = [':AAAA:', '7;bytes=:aGVsbG8=:'].map(utf8)

const structuredField: Target = {
  name: 'sdk-header',
  weight: 10,
  make: (random) => mutant(FIELDS, random),
  take: (input) => {
    const text = Buffer.from(input).toString('latin1')
    const bytes = byteSequenceFrom(text)
    const indexed = indexedBytesFrom(text)
    if (bytes !== null) sameBytes(utf8(`:${base64(bytes)}:`), utf8(text), 'another header')
    return bytes === null && indexed === null ? 'refused' : 'accepted'
  },
}

export const TEXT_TARGETS: readonly Target[] = [
  draft,
  csvRow,
  label,
  settings,
  events,
  structuredField,
]
