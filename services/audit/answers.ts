import { Type } from 'typebox'
import {
  Agency,
  Base64,
  Count,
  closed,
  Digest,
  nullable,
  oneOf,
  Principal,
  TimeMs,
  Uuid,
} from '#adapters/http/doc-schemas.ts'
import { ACCESS_ACTIONS, ACCESS_OUTCOMES, PURPOSE_CODES } from '#core/access-record.ts'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'

/** What the audit service answers with, for the OpenAPI document. */
const AccessRecord = closed(
  {
    timeMs: TimeMs,
    service: oneOf(['GATEWAY', 'ROUTER', 'AUDIT']),
    requestId: Uuid,
    realm: oneOf(REALMS),
    principal: nullable(Principal),
    agency: nullable(Agency),
    action: oneOf(ACCESS_ACTIONS),
    outcome: oneOf(ACCESS_OUTCOMES),
    alert: nullable(closed({ origin: Agency, id: Uuid, digest: nullable(Digest) })),
    reasons: Type.Array(Type.String(), { description: 'Codes.' }),
    policyDigest: nullable(Digest),
    directory: nullable(closed({ sequence: Count, digest: Digest })),
    purpose: nullable(
      closed({ code: oneOf(PURPOSE_CODES), caseReference: nullable(Type.String()) }),
    ),
    searchTerms: nullable(Digest),
    salt: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  },
  'AccessRecord',
)

export const RecordLeaf = closed(
  {
    index: Count,
    /** Null for a leaf that is no record. */
    record: nullable(AccessRecord),
    bytes: Base64,
  },
  'RecordLeaf',
)

export const RecordPage = closed(
  {
    asOfIndex: Count,
    records: Type.Array(RecordLeaf, { maxItems: LIMITS.pageItemsMax }),
    next: nullable(Count),
  },
  'RecordPage',
)

export const Proof = closed(
  {
    index: Count,
    leafHash: Digest,
    proof: Type.Array(Base64),
    checkpoint: Type.String({ description: 'A signed note, C2SP tlog-checkpoint.' }),
    bytes: Base64,
  },
  'Proof',
)

const Entries = Type.Array(
  closed({
    index: Count,
    principal: nullable(Principal),
    agency: nullable(Agency),
    action: oneOf(ACCESS_ACTIONS),
    timeMs: TimeMs,
    reasons: Type.Array(Type.String()),
  }),
)

export const AlertAccess = closed(
  {
    origin: Agency,
    id: Uuid,
    asOfIndex: Count,
    published: Entries,
    givenTo: Entries,
    refusedTo: Entries,
    acknowledgedBy: Entries,
    deadLettered: Entries,
    isComplete: Type.Boolean({ description: 'False when a list holds its newest entries only.' }),
  },
  'AlertAccess',
)
