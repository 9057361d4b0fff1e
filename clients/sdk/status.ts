import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import type { Session } from '#clients/sdk/session.ts'
import {
  countShape,
  digestShape,
  flagShape,
  listOf,
  namedShape,
  nullOr,
  objectOf,
  textShape,
} from '#clients/sdk/shape.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import { allTopics } from '#core/topics.ts'
import { isUuid, type Uuid } from '#core/uuid.ts'

const STATES = ['accepted', 'routed', 'dead-lettered'] as const
type AlertState = (typeof STATES)[number]

/** Where an alert of one's own agency stands, by the hub's word. */
export interface AlertStatus extends AlertName {
  readonly state: AlertState
  readonly digest: Uint8Array
  /** By the hub's clock. */
  readonly acceptedAtMs: number
  readonly publishRecordIndex: number
  /** Where it was routed to; empty until it was. */
  readonly topics: readonly string[]
  /** Why it was dead-lettered, as a code. */
  readonly why: string | null
  /** Of the same origin; null when it was not recalled or superseded. */
  readonly recalledBy: Uuid | null
  readonly supersededBy: Uuid | null
  /** Null until it was routed, and for who may not ask whom a label reaches. */
  readonly acknowledgement: Acknowledging | null
}

export interface Acknowledging {
  /** When it should have been; null when that is not asked of an alert of its precedence. */
  readonly dueAtMs: number | null
  readonly acknowledgedBy: readonly AgencyId[]
  /** Whom the label reaches now and who has not; nobody once it expired or was recalled. */
  readonly awaitedFrom: readonly AgencyId[]
  readonly overdue: boolean
}

/** For principals of the origin; others get `HubRefusal` `not-found`. Rejects as `Connection`. */
export const alertStatus = async (
  session: Session,
  { origin, id }: AlertName,
  options: CallOptions = {},
): Promise<AlertStatus> => {
  const path = `/v1/alerts/${origin}/${id}/status`
  const call = { ...options, server: 'gateway', path, accept: 'application/json' } as const
  const status = jsonFrom(await session.connection.get(call), statusShape)
  if (status.origin !== origin || status.id !== id) {
    throw new HubMisbehaved('answer-differs', `${status.origin}/${status.id}`)
  }
  return status
}

const isState = (text: string): text is AlertState => STATES.some((state) => state === text)

const statusShape = objectOf({
  origin: namedShape(isAgencyId),
  id: namedShape(isUuid),
  state: namedShape(isState),
  digest: digestShape,
  acceptedAtMs: countShape,
  publishRecordIndex: countShape,
  topics: listOf(textShape(LIMITS.pathPartCharactersMax), allTopics().length),
  why: nullOr(textShape(LIMITS.pathPartCharactersMax)),
  recalledBy: nullOr(namedShape(isUuid)),
  supersededBy: nullOr(namedShape(isUuid)),
  acknowledgement: nullOr(
    objectOf({
      dueAtMs: nullOr(countShape),
      acknowledgedBy: listOf(namedShape<AgencyId>(isAgencyId), LIMITS.clientAgenciesMax),
      awaitedFrom: listOf(namedShape<AgencyId>(isAgencyId), LIMITS.clientAgenciesMax),
      overdue: flagShape,
    }),
  ),
})
