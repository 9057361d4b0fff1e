import type { CallOptions } from '#clients/sdk/connection.ts'
import type { GivenRecord } from '#clients/sdk/given-record.ts'
import { type AlertAccess, givenTo } from '#clients/sdk/given-to.ts'
import type { Session } from '#clients/sdk/session.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import type { Alert, AlertName, Text } from '#core/alert.ts'
import { PRECEDENCES, type Precedence } from '#core/precedence.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Uuid } from '#core/uuid.ts'

/**
 * The alert that recalls `original`, to be signed by its origin: under exactly its label, at least
 * as urgent, and with its digest. `id` is new; `sentAtMs` is now.
 */
export const recallOf = (
  original: { readonly alert: Alert; readonly digest: Uint8Array },
  recall: {
    readonly id: Uuid
    readonly sentAtMs: number
    readonly precedence: Precedence
    readonly texts: readonly Text[]
  },
): Alert => {
  const { realm, origin, id, label, evaluation, precedence } = original.alert
  const places = [precedence, recall.precedence].map((one) => PRECEDENCES.indexOf(one))
  return {
    realm,
    origin,
    id: recall.id,
    kind: 'RECALL',
    precedence: PRECEDENCES[Math.max(...places)] ?? 'FLASH',
    label,
    evaluation,
    sentAtMs: recall.sentAtMs,
    occurred: null,
    expiresAtMs: null,
    texts: recall.texts,
    areas: [],
    indicators: [],
    references: [{ relation: 'RECALLS', origin, id, digest: original.digest }],
    caseReferences: [],
    legalBasis: null,
  }
}

/** Whoever was given an alert, and what is on record of its recall having come to them. */
export interface RecalledReader {
  readonly principal: PrincipalId
  /** The first release of the alert to them. */
  readonly given: GivenRecord
  /** The first record of the recall, or of a notice of it, for them; null: not told. */
  readonly told: GivenRecord | null
  readonly acknowledged: GivenRecord | null
}

export interface RecallStatus extends AlertName {
  readonly recalledBy: Uuid
  /** By principal. Silent are those who neither were told nor acknowledged. */
  readonly readers: readonly RecalledReader[]
  /** False when there are more records than a search gives: then some readers may be missing. */
  readonly isComplete: boolean
}

/**
 * Who was given a recalled alert, and who of them is still silent, from the records themselves: for
 * auditors of the origin. `LogClient.verifyRecords` proves them. Null when nothing recalled it.
 * Rejects as `alertStatus` and `givenTo` do.
 */
export const recallStatus = async (
  session: Session,
  { origin, id }: AlertName,
  options: CallOptions = {},
): Promise<RecallStatus | null> => {
  const { recalledBy } = await alertStatus(session, { origin, id }, options)
  if (recalledBy === null) return null
  const original = await givenTo(session, { origin, id }, options)
  const recall = await givenTo(session, { origin, id: recalledBy }, options)
  const isComplete = original.isComplete && recall.isComplete
  return { origin, id, recalledBy, readers: readersOf(original, recall), isComplete }
}

/** Records come newest first, so the last of a principal's is the first that was made. */
const readersOf = (original: AlertAccess, recall: AlertAccess): readonly RecalledReader[] => {
  const first = (records: readonly GivenRecord[], principal: PrincipalId) =>
    records.findLast(({ content }) => content.principal === principal) ?? null
  const principals = new Set(original.givenTo.map(({ content }) => content.principal))
  return [...principals].sort().flatMap((principal) => {
    const given = principal && first(original.givenTo, principal)
    if (!principal || !given) return []
    const told = first(recall.givenTo, principal)
    return [{ principal, given, told, acknowledged: first(recall.acknowledgedBy, principal) }]
  })
}
