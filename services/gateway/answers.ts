import { Type } from 'typebox'
import {
  Agency,
  Base64,
  Count,
  Cursor,
  closed,
  Digest,
  GivenRecord,
  nullable,
  oneOf,
  TimeMs,
  Uuid,
} from '#adapters/http/doc-schemas.ts'
import { CAVEATS } from '#core/caveat.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { INDICATORS } from '#core/indicator.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { KINDS } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import { PRECEDENCES, URGENT } from '#core/precedence.ts'
import { REALMS } from '#core/realm.ts'

/** What a gateway answers with, for the OpenAPI document; tests hold every answer against it. */
export const Token = closed(
  {
    access_token: Type.String({ maxLength: LIMITS.tokenCharactersMax }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ minimum: 1, description: 'Seconds.' }),
    scope: oneOf(REALMS),
  },
  'Token',
)

export const Publication = closed(
  { origin: Agency, id: Uuid, digest: Digest, acceptedAtMs: TimeMs, record: GivenRecord },
  'Publication',
)

export const Label = closed(
  {
    classification: oneOf(CLASSIFICATIONS),
    jurisdictions: Type.Array(oneOf(ALL_JURISDICTIONS), { minItems: 1, description: 'Sorted.' }),
    releasableTo: nullable(
      Type.Array(Agency, { minItems: 1, description: 'Sorted; it only narrows.' }),
    ),
    caveats: Type.Array(oneOf(Object.keys(CAVEATS)), { description: 'Sorted.' }),
  },
  'Label',
)

const Text = closed({
  language: Type.String({ description: 'BCP 47: en, ur, ps, …' }),
  headline: Type.String({ maxLength: LIMITS.headlineCharactersMax }),
  narrative: Type.String({ maxLength: LIMITS.narrativeCharactersMax }),
})

const Area = closed({
  jurisdiction: oneOf(ALL_JURISDICTIONS),
  district: nullable(Type.String({ maxLength: LIMITS.districtCharactersMax })),
  point: nullable(
    closed({
      latitude: Type.Number({ minimum: -90, maximum: 90 }),
      longitude: Type.Number({ minimum: -180, maximum: 180 }),
    }),
  ),
  radiusMetres: nullable(Type.Integer({ minimum: 1, maximum: LIMITS.radiusMetresMax })),
})

const Indicator = closed({
  type: oneOf(Object.keys(INDICATORS)),
  value: Type.String(),
})

const Reference = closed({
  relation: oneOf(['SUPERSEDES', 'RECALLS', 'RESPONDS_TO', 'RELATED']),
  origin: Agency,
  id: Uuid,
  digest: Digest,
})

export const AlertView = closed(
  {
    realm: oneOf(REALMS),
    id: Uuid,
    origin: Agency,
    kind: oneOf(KINDS),
    precedence: oneOf(PRECEDENCES),
    label: Label,
    evaluation: closed({
      reliability: oneOf(['A', 'B', 'C', 'D', 'E', 'F']),
      credibility: Type.Integer({ minimum: 1, maximum: 6 }),
    }),
    sentAtMs: TimeMs,
    occurred: nullable(closed({ fromMs: TimeMs, toMs: TimeMs })),
    expiresAtMs: nullable(TimeMs),
    texts: Type.Array(Text, { minItems: 1 }),
    areas: Type.Array(Area),
    indicators: Type.Array(Indicator),
    references: Type.Array(Reference),
    caseReferences: Type.Array(
      closed({
        scheme: oneOf(['FIR', 'CMMS', 'INTERPOL', 'FMU', 'OTHER']),
        value: Type.String({ maxLength: 64 }),
      }),
    ),
    legalBasis: nullable(
      closed({
        provision: Type.String({ maxLength: LIMITS.provisionCharactersMax }),
        expiresAtMs: nullable(TimeMs),
      }),
    ),
  },
  'Alert',
)

const Acknowledging = closed({
  dueAtMs: nullable(TimeMs),
  acknowledgedBy: Type.Array(Agency, { description: 'Sorted.' }),
  awaitedFrom: Type.Array(Agency, {
    description: 'Whom the label reaches now and who has not; empty once expired or recalled.',
  }),
  overdue: Type.Boolean({ description: 'Whether it is due and awaited from anyone.' }),
})

export const AlertStatus = closed(
  {
    origin: Agency,
    id: Uuid,
    state: oneOf(['accepted', 'routed', 'dead-lettered']),
    digest: Digest,
    acceptedAtMs: TimeMs,
    publishRecordIndex: Count,
    topics: Type.Array(Type.String(), { description: 'Where the label led; empty until routed.' }),
    why: nullable(Type.String({ description: 'Why it was dead-lettered: a code.' })),
    recalledBy: nullable(Uuid),
    supersededBy: nullable(Uuid),
    acknowledgement: nullable(Acknowledging),
  },
  'AlertStatus',
)

/** As the body of an acknowledgement; the header says the same. */
export const AcknowledgementBody = (codes: readonly string[], caseReference: RegExp) =>
  closed(
    {
      purpose: Type.Optional(
        closed({
          code: oneOf(codes),
          caseReference: Type.Optional(nullable(Type.String({ pattern: caseReference.source }))),
        }),
      ),
    },
    'AcknowledgementRequest',
  )

export const Acknowledgement = closed(
  { origin: Agency, id: Uuid, digest: Digest, record: GivenRecord },
  'Acknowledgement',
)

export const FeedItem = closed(
  {
    origin: Agency,
    id: Uuid,
    signedAlert: Base64,
    stamp: Base64,
    record: GivenRecord,
  },
  'FeedItem',
)

/** The same parts as an item of a feed, with the `EXPORT` record of this very call. */
export const ExportedAlert = closed(FeedItem.properties, 'ExportedAlert')

export const RecallNotice = closed(
  { origin: Agency, id: Uuid, digest: Digest, recalledBy: Uuid, acceptedAtMs: TimeMs },
  'RecallNotice',
)

export const Reminder = closed(
  { origin: Agency, id: Uuid, digest: Digest, precedence: oneOf(URGENT), dueAtMs: TimeMs },
  'Reminder',
)

export const FeedPage = closed(
  {
    notices: Type.Array(RecallNotice, {
      maxItems: LIMITS.recallNoticesMax,
      description: 'Alerts that were recalled lately: withdraw every copy before anything else.',
    }),
    noticesCut: Type.Boolean({
      description: 'Whether there are more: all recalls stand in the feed, as alerts.',
    }),
    reminders: Type.Array(Reminder, {
      maxItems: LIMITS.remindersMax,
      description:
        'Alerts that nobody of your agency has acknowledged in time. FLASH first, then the newest.',
    }),
    remindersCut: Type.Boolean({ description: 'Whether there may be more.' }),
    widened: Type.Boolean({
      description:
        'Your rights have widened since your cursor was made: what was passed over for the lack ' +
        'of them is behind it. from=earliest gives it, and all else again.',
    }),
    items: Type.Array(FeedItem, { maxItems: LIMITS.pageItemsMax }),
    next: Cursor,
    isEnd: Type.Boolean({
      description: 'Whether this was all that you may read when the page was made.',
    }),
  },
  'FeedPage',
)

export const PreviewBody = closed({ label: Label }, 'PreviewRequest')

export const Preview = closed(
  {
    reached: Type.Array(Agency),
    notReached: Type.Array(closed({ agency: Agency, reasons: Type.Array(Type.String()) })),
  },
  'Preview',
)

export const DirectoryPage = closed(
  {
    entries: Type.Array(closed({ offset: Count, bytes: Base64 }), {
      maxItems: LIMITS.pageItemsMax,
      description: 'The topic as it is, unauthorised entries and all: verify them.',
    }),
    next: Count,
    head: closed({ sequence: Count, digest: Digest }),
  },
  'DirectoryPage',
)

export const DirectoryEntered = closed(
  { sequence: Count, digest: Digest, offset: Count },
  'DirectoryEntered',
)

/** A fingerprint is CRC-64-AVRO of a schema's canonical form. */
export const Fingerprint = Type.String({ pattern: '^[0-9a-f]{16}$' })

export const SchemaList = closed(
  { schemas: Type.Array(closed({ fingerprint: Fingerprint, name: Type.String() })) },
  'SchemaList',
)

export const AvroSchema = Type.Object(
  { type: Type.Literal('record'), name: Type.String() },
  { title: 'AvroSchema', description: 'A schema as Avro 1.12 writes them.' },
)

export const PolicyTexts = closed(
  {
    digest: Digest,
    files: Type.Record(Type.String(), Type.String(), { description: 'Cedar, by file name.' }),
  },
  'PolicyTexts',
)
