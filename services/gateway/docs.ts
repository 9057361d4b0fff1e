import { Type } from 'typebox'
import {
  ALERT_NAME,
  acceptHeader,
  Bytes,
  Digest,
  IMMUTABLE,
  PRIVATE,
  PURPOSE,
} from '#adapters/http/doc-schemas.ts'
import type { RouteDoc } from '#adapters/http/route-doc.ts'
import { CASE_REFERENCE_PATTERN, PURPOSE_CODES } from '#core/access-record.ts'
import { SIGNED_ALERT_TYPE, SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import type { RefusalCode } from '#core/refusal.ts'
import {
  Acknowledgement,
  AcknowledgementBody,
  AlertStatus,
  AlertView,
  AvroSchema,
  DirectoryEntered,
  DirectoryPage,
  ExportedAlert,
  FeedPage,
  Fingerprint,
  PolicyTexts,
  Preview,
  PreviewBody,
  Publication,
  SchemaList,
  Token,
} from '#services/gateway/answers.ts'
import { TokenBody } from '#services/gateway/token-body.ts'

/** What a gateway can always say to a caller whom it knows. */
const CALLERS = ['rate-limited', 'policy-not-active', 'log-unavailable', 'outcome-unknown'] as const

/** Of a body that is not read. */
const BODIES = ['media-type-unsupported', 'body-too-large'] as const

const RELEASES = ['record-not-durable'] as const

const DIRECT_READS = [
  'not-found',
  'erased',
  'expired',
  'recalled',
  'compromised',
  'index-damaged',
] as const

/** Of the bytes of an alert, of its keys and signatures, of its time and label. */
const PUBLICATIONS: readonly RefusalCode[] = [
  'disk-low',
  'envelope-malformed',
  'payload-type-unknown',
  'signatures-malformed',
  'alert-malformed',
  'schema-unknown',
  'codecs-disagree',
  'alert-meaningless',
  'text-controls',
  'label-invalid',
  'agency-unknown',
  'realm-mismatch',
  'sent-at-absurd',
  'already-expired',
  'id-taken',
  'recall-unknown',
  'recall-label-differs',
  'superseded-unknown',
  'token-unbound',
  'key-unknown',
  'key-of-another-agency',
  'key-wrong-usage',
  'key-not-valid-now',
  'key-revoked',
  'agency-suspended',
  'signature-invalid',
  'not-permitted',
  'no-seal-key',
  'catching-up',
]

const json = <T>(schema: T): { readonly 'application/json': T } => ({ 'application/json': schema })

/** What a released alert carries beside its bytes: RFC 8941 byte sequences. */
const RELEASED = {
  ...PRIVATE,
  'Rabta-Stamp': Type.String({
    pattern: '^:[A-Za-z0-9+/]+=*:$',
    description: 'What the gateway attested when it accepted the alert.',
  }),
  'Rabta-Record': Type.String({
    pattern: '^\\d+;bytes=:[A-Za-z0-9+/]+=*:$',
    description: 'The record of this very read: its leaf index and bytes.',
  }),
}

const NO_STORE = { 'Cache-Control': Type.Literal('no-store') }

export const DOCS = {
  token: {
    id: 'getToken',
    tag: 'Access',
    summary: 'Get a five-minute access token',
    description:
      'Of a client assertion (RFC 7523): a JWT that the principal signs with its authentication ' +
      'key; ES256, `kid` the key’s RFC 7638 thumbprint, `iss` = `sub` = AGENCY/NAME, `aud` the ' +
      'issuer’s /v1/token, at most 60 seconds from `iat` to `exp`, `jti` used once.',
    access: 'public',
    body: { required: true, content: { 'application/x-www-form-urlencoded': TokenBody } },
    answers: { 200: { description: 'The token.', headers: NO_STORE, content: json(Token) } },
    refusals: [
      ...BODIES,
      'assertion-invalid',
      'rate-limited',
      'directory-stale',
      'log-unavailable',
      'outcome-unknown',
    ],
  },
  publish: {
    id: 'publishAlert',
    tag: 'Alerts',
    summary: 'Publish a signed alert',
    description:
      'For publishers of its origin. After any 503 or a lost answer send the very same bytes ' +
      'again: that is safe.',
    access: 'token',
    headers: PURPOSE,
    body: { required: true, content: { [SIGNED_ALERT_TYPE]: Bytes } },
    answers: {
      200: {
        description: 'These bytes were here: the first answer again.',
        headers: { Location: Type.String() },
        content: json(Publication),
      },
      201: {
        description: 'Accepted, durable, recorded.',
        headers: { Location: Type.String() },
        content: json(Publication),
      },
    },
    refusals: [...CALLERS, 'media-type-unsupported', 'alert-too-large', ...PUBLICATIONS],
  },
  readAlert: {
    id: 'readAlert',
    tag: 'Alerts',
    summary: 'Read one alert',
    description: 'What you may not read is as what does not exist; both are recorded.',
    access: 'token',
    params: ALERT_NAME,
    headers: { ...PURPOSE, ...acceptHeader([SIGNED_ALERT_TYPE, 'application/json']) },
    answers: {
      200: {
        description: 'The bytes that were signed, or their meaning to look at.',
        headers: RELEASED,
        content: { [SIGNED_ALERT_TYPE]: Bytes, 'application/json': AlertView },
      },
    },
    refusals: [...CALLERS, ...RELEASES, ...DIRECT_READS, 'not-acceptable'],
  },
  status: {
    id: 'getAlertStatus',
    tag: 'Alerts',
    summary: 'Where an alert of your own agency stands',
    access: 'token',
    params: ALERT_NAME,
    headers: PURPOSE,
    answers: {
      200: { description: 'Its status.', headers: PRIVATE, content: json(AlertStatus) },
    },
    refusals: [...CALLERS, 'not-found'],
  },
  acknowledge: {
    id: 'acknowledgeAlert',
    tag: 'Alerts',
    summary: 'Say for the record that an alert has come',
    description: 'A second acknowledgement is a second record.',
    access: 'token',
    params: ALERT_NAME,
    headers: PURPOSE,
    body: {
      required: false,
      content: json(AcknowledgementBody(PURPOSE_CODES, CASE_REFERENCE_PATTERN)),
    },
    answers: {
      201: { description: 'On record.', headers: PRIVATE, content: json(Acknowledgement) },
    },
    refusals: [...CALLERS, ...BODIES, 'not-found'],
  },
  exportAlert: {
    id: 'exportAlert',
    tag: 'Alerts',
    summary: 'Take one alert out of the hub as evidence',
    description:
      'Rabta-Purpose must name a case. What you may not export is as what does not exist; both are ' +
      'recorded. With the directory’s entries and the proof of the record it can be verified offline.',
    access: 'token',
    params: ALERT_NAME,
    headers: PURPOSE,
    answers: {
      200: {
        description: 'What was signed, and the record of its export.',
        headers: PRIVATE,
        content: json(ExportedAlert),
      },
    },
    refusals: [...CALLERS, ...RELEASES, ...DIRECT_READS, 'case-missing'],
  },
  preview: {
    id: 'previewLabel',
    tag: 'Alerts',
    summary: 'Whom a label would reach, and why not the others',
    description: 'For labels of your own agency’s alerts; names agencies, never persons.',
    access: 'token',
    headers: PURPOSE,
    body: { required: true, content: json(PreviewBody) },
    answers: { 200: { description: 'The reach.', headers: PRIVATE, content: json(Preview) } },
    refusals: [...CALLERS, ...BODIES, 'label-invalid', 'agency-unknown', 'not-permitted'],
  },
  feed: {
    id: 'readFeed',
    tag: 'Feed',
    summary: 'One page of what you may read',
    description: 'Each alert with its access record, which is durable before the page is sent.',
    access: 'token',
    headers: PURPOSE,
    answers: { 200: { description: 'The page.', headers: PRIVATE, content: json(FeedPage) } },
    refusals: [...CALLERS, ...RELEASES, 'cursor-invalid', 'catching-up', 'index-damaged'],
  },
  stream: {
    id: 'followFeed',
    tag: 'Feed',
    summary: 'The feed as it goes on, as server-sent events',
    description:
      'Events: `recall` with one RecallNotice, without an id, before other traffic; `reminder` with ' +
      'one Reminder, without an id; `widened` without an id, as the field of a page; `alert` with ' +
      'one FeedItem as data and the cursor behind it as id; `end` with ' +
      '`{"reason": …}`; a comment with an id every 15 seconds. Go on with Last-Event-ID.',
    access: 'token',
    headers: {
      ...PURPOSE,
      'Last-Event-ID': Type.Optional(
        Type.String({ description: 'The id of the last event: wins over `from`.' }),
      ),
      ...acceptHeader(['text/event-stream']),
    },
    answers: {
      200: {
        description: 'Events, until the token expires or standing changes.',
        headers: PRIVATE,
        content: { 'text/event-stream': Type.String() },
      },
    },
    refusals: [
      ...CALLERS,
      'not-acceptable',
      'cursor-invalid',
      'catching-up',
      'not-permitted',
      'role-missing',
      'streams-too-many',
      'overloaded',
    ],
  },
  directoryEntries: {
    id: 'readDirectory',
    tag: 'Directory',
    summary: 'The chain of signed entries',
    description: 'Verify it from the pinned genesis digest and take nobody’s word.',
    access: 'token',
    headers: PURPOSE,
    answers: {
      200: { description: 'Some entries.', headers: PRIVATE, content: json(DirectoryPage) },
    },
    refusals: [...CALLERS, 'not-found', 'range-invalid'],
  },
  enterEntry: {
    id: 'enterDirectoryEntry',
    tag: 'Directory',
    summary: 'Enter a signed entry',
    description: 'Its signatures decide what it may say; the caller answers for handing it in.',
    access: 'token',
    headers: PURPOSE,
    body: { required: true, content: { [SIGNED_DIRECTORY_ENTRY_TYPE]: Bytes } },
    answers: {
      200: {
        description: 'This very entry was in the chain.',
        headers: PRIVATE,
        content: json(DirectoryEntered),
      },
      201: { description: 'Entered.', headers: PRIVATE, content: json(DirectoryEntered) },
    },
    refusals: [
      ...CALLERS,
      ...BODIES,
      'directory-entry-too-large',
      'directory-entry-invalid',
      'directory-moved',
      'not-permitted',
      'role-missing',
      'not-found',
      'overloaded',
    ],
  },
  schemas: {
    id: 'listSchemas',
    tag: 'Reference',
    summary: 'The Avro schemas of this hub',
    access: 'public',
    answers: { 200: { description: 'Their fingerprints.', content: json(SchemaList) } },
    refusals: [],
  },
  schema: {
    id: 'getSchema',
    tag: 'Reference',
    summary: 'One Avro schema by its fingerprint',
    access: 'public',
    params: { fingerprint: Fingerprint },
    answers: { 200: { description: 'It.', headers: IMMUTABLE, content: json(AvroSchema) } },
    refusals: ['not-found'],
  },
  policy: {
    id: 'getPolicy',
    tag: 'Reference',
    summary: 'The texts of the active policy',
    access: 'public',
    params: { digest: Digest },
    answers: {
      200: { description: 'Cedar policies.', headers: IMMUTABLE, content: json(PolicyTexts) },
    },
    refusals: ['not-found'],
  },
} as const satisfies Readonly<Record<string, RouteDoc>>
