import type { CallOptions } from '#clients/sdk/connection.ts'
import type { ReleaseFault } from '#clients/sdk/release-fault.ts'
import type { Session } from '#clients/sdk/session.ts'
import { byteSequenceFrom, indexedBytesFrom } from '#clients/sdk/structured-field.ts'
import type { Answer } from '#clients/sdk/transport.ts'
import { type GivenAlert, type Release, verifyReleases } from '#clients/sdk/verify-release.ts'
import type { AlertName } from '#core/alert.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'

/**
 * One alert by its name, verified. Rejects as `Connection` does (`HubRefusal` `not-found` when
 * there is none that this principal may read, `expired`, `recalled`, `erased`, `compromised`), and as
 * `DirectoryMirror.catchUp` does. What came and does not verify is a fault, never an alert.
 */
export const readAlert = async (
  session: Session,
  name: AlertName,
  options: CallOptions = {},
): Promise<Release> => {
  const newestBefore = session.records.index
  const path = `/v1/alerts/${name.origin}/${name.id}`
  const call = { ...options, server: 'gateway', path, accept: SIGNED_ALERT_TYPE } as const
  const item = itemFrom(name, await session.connection.get(call))
  const asked = { action: 'READ', purpose: options.purpose ?? null, newestBefore } as const
  const [release] = await verifyReleases(session, [item], asked)
  return release ?? malformed(name, null)
}

const itemFrom = ({ origin, id }: AlertName, answer: Answer): GivenAlert | ReleaseFault => {
  const stampBytes = byteSequenceFrom(answer.headers.get('rabta-stamp'))
  const record = indexedBytesFrom(answer.headers.get('rabta-record'))
  if (stampBytes === null || record === null) return malformed({ origin, id }, answer)
  return { origin, id, signedAlert: answer.body, stampBytes, record }
}

const malformed = (name: AlertName, answer: Answer | null): ReleaseFault => ({
  ok: false,
  fault: 'item-malformed',
  detail: null,
  name,
  evidence: answer,
})
