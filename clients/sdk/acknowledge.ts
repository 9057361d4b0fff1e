import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { type GivenRecord, givenRecordFrom } from '#clients/sdk/given-record.ts'
import { differsFromAct } from '#clients/sdk/record-of-act.ts'
import type { Session } from '#clients/sdk/session.ts'
import { bytesShape, countShape, digestShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes, hex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { isUuid } from '#core/uuid.ts'

export interface Acknowledged extends AlertName {
  /** Of the alert that the hub has under that name. */
  readonly digest: Uint8Array
  /** The acknowledgement itself: its originator finds it in the access log. */
  readonly record: GivenRecord
}

/** An alert by its name, or as it was given: then the hub must have these very bytes. */
export interface ToAcknowledge extends AlertName {
  readonly digest: Uint8Array | null
}

/**
 * Tells the originator, by a record, that an alert has come. Each call that succeeds is a record of
 * its own, and so may be a try whose answer was lost. Rejects as `Connection` does (`HubRefusal`
 * `not-found` when there is none that this principal may read); `HubMisbehaved` when the record
 * is not of this act.
 */
export const acknowledge = async (
  session: Session,
  { origin, id, digest: expected }: ToAcknowledge,
  options: CallOptions = {},
): Promise<Acknowledged> => {
  const newestBefore = session.records.index
  const path = `/v1/alerts/${origin}/${id}/acknowledgements`
  const answer = await session.connection.postRepeatably(
    { ...options, server: 'gateway', path, accept: 'application/json' },
    { type: 'application/json', bytes: utf8('{}') },
  )
  const given = jsonFrom(answer, acknowledgedShape)
  const digest = expected ?? given.digest
  if (given.origin !== origin || given.id !== id || !equalBytes(given.digest, digest)) {
    throw new HubMisbehaved('answer-differs', `${given.origin}/${given.id}`)
  }
  const record = givenRecordFrom(given.record, session.sha256)
  if (record === null) throw new HubMisbehaved('answer-malformed', 'record.bytes')
  const { realm, agency, principal } = session
  const alert = { origin, id, digest }
  const purpose = options.purpose ?? null
  const act = { action: 'ACKNOWLEDGE', realm, agency, principal, alert, purpose } as const
  const differs = differsFromAct(record.content, act)
  if (differs !== null) throw new HubMisbehaved('record-differs', differs)
  if (record.index <= newestBefore) {
    throw new HubMisbehaved('record-replayed', `record ${record.index}`)
  }
  session.records.given(record.index)
  return { origin, id, digest, record }
}

/**
 * Acknowledges each alert once, as far as it remembers: the last `LIMITS.clientAcknowledgedMax`.
 * Calls for the same bytes share one act; one that failed may be tried again.
 */
export class Acknowledgements {
  private readonly session: Session
  private readonly known = new Map<string, Promise<Acknowledged>>()

  constructor(session: Session) {
    this.session = session
  }

  /** Rejects as `acknowledge` does. */
  async once(
    alert: AlertName & { readonly digest: Uint8Array },
    options: CallOptions = {},
  ): Promise<Acknowledged> {
    const key = `${alert.origin} ${alert.id} ${hex(alert.digest)}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const act = acknowledge(this.session, alert, options)
    this.known.set(key, act)
    const [oldest] = this.known.keys()
    if (this.known.size > LIMITS.clientAcknowledgedMax && oldest !== undefined) {
      this.known.delete(oldest)
    }
    try {
      return await act
    } catch (error) {
      if (this.known.get(key) === act) this.known.delete(key)
      throw error
    }
  }
}

const acknowledgedShape = objectOf({
  origin: namedShape(isAgencyId),
  id: namedShape(isUuid),
  digest: digestShape,
  record: objectOf({ index: countShape, bytes: bytesShape(LIMITS.accessRecordBytesMax) }),
})
