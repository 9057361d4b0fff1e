import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { type GivenRecord, givenRecordFrom } from '#clients/sdk/given-record.ts'
import { differsFromAct } from '#clients/sdk/record-of-act.ts'
import type { Session } from '#clients/sdk/session.ts'
import { bytesShape, countShape, digestShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { readSignedAlert } from '#clients/sdk/sign-alert.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import { digestOf, SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import { isTimeMs } from '#core/time.ts'
import { isUuid } from '#core/uuid.ts'

export interface Published extends AlertName {
  /** False when the hub had these bytes already, be it from an earlier try of the same call. */
  readonly isNew: boolean
  /** Of what was signed: it ignores the signatures. */
  readonly digest: Uint8Array
  /** By the hub's clock. */
  readonly acceptedAtMs: number
  /** Of the first publication of these bytes. */
  readonly record: GivenRecord
}

/**
 * Publishes a signed alert and checks that the answer and its access record are about it. Safe to
 * call again with the same bytes after any error. Rejects as `Connection` does; throws
 * `AlertUnusable` before sending, `HubMisbehaved` (`answer-differs`, `record-differs`,
 * `record-replayed`) when the hub's answer proves nothing.
 */
export const publish = async (
  session: Session,
  bytes: Uint8Array,
  options: CallOptions = {},
): Promise<Published> => {
  const { envelope, alert } = readSignedAlert(bytes)
  const newestBefore = session.records.index
  const answer = await session.connection.postRepeatably(
    { ...options, server: 'gateway', path: '/v1/alerts', accept: 'application/json' },
    { type: SIGNED_ALERT_TYPE, bytes },
  )
  const given = jsonFrom(answer, publishedShape)
  const isNew = answer.status === 201
  const { origin, id } = alert
  const digest = digestOf(envelope, session.sha256)
  const { acceptedAtMs } = given
  if (given.origin !== origin || given.id !== id || !equalBytes(given.digest, digest)) {
    throw new HubMisbehaved('answer-differs', `${given.origin}/${given.id}`)
  }
  if (!isTimeMs(acceptedAtMs)) throw new HubMisbehaved('answer-malformed', 'acceptedAtMs')
  const record = givenRecordFrom(given.record, session.sha256)
  if (record === null) throw new HubMisbehaved('answer-malformed', 'record.bytes')
  const { realm, agency, principal } = session
  const differs = differsFromAct(record.content, {
    action: 'PUBLISH',
    realm,
    agency,
    // Who published these bytes first may be a colleague.
    principal: isNew ? principal : null,
    alert: { origin, id, digest },
    purpose: isNew ? (options.purpose ?? null) : undefined,
  })
  if (differs !== null) throw new HubMisbehaved('record-differs', differs)
  if (isNew && record.index <= newestBefore) {
    throw new HubMisbehaved('record-replayed', `record ${record.index}`)
  }
  session.records.given(record.index)
  return { isNew, origin, id, digest, acceptedAtMs, record }
}

const publishedShape = objectOf({
  origin: namedShape(isAgencyId),
  id: namedShape(isUuid),
  digest: digestShape,
  acceptedAtMs: countShape,
  record: objectOf({ index: countShape, bytes: bytesShape(LIMITS.accessRecordBytesMax) }),
})
