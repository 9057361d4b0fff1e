import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { formatEvidence } from '#clients/sdk/evidence.ts'
import type { LogClient, WaitOptions } from '#clients/sdk/log.ts'
import type { ReleaseFault } from '#clients/sdk/release-fault.ts'
import type { Session } from '#clients/sdk/session.ts'
import { bytesShape, countShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { type VerifiedAlert, verifyReleases } from '#clients/sdk/verify-release.ts'
import type { Purpose } from '#core/access-record.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import { isUuid } from '#core/uuid.ts'

/** An alert taken out of the hub, on record, for a case. */
export interface Exported extends VerifiedAlert {
  /** The text of a file that `verifyEvidence` verifies offline; null when no checkpoint covered the
   * record in time, or the log has something else in its place. */
  readonly evidence: string | null
}

export interface ExportOptions extends CallOptions, WaitOptions {
  /** With a case reference: without one the hub refuses with `case-missing`. */
  readonly purpose: Purpose
}

/**
 * Exports one alert for the case of `purpose`, and joins to it what proves it offline: the record's
 * receipt and the directory. Each call that succeeds is a record of its own. Rejects as `readAlert`
 * and `LogClient` do. What came and does not verify is a fault, never an alert.
 */
export const exportAlert = async (
  { session, log }: { readonly session: Session; readonly log: LogClient },
  name: AlertName,
  options: ExportOptions,
): Promise<Exported | ReleaseFault> => {
  const { purpose, signal } = options
  const newestBefore = session.records.index
  const answer = await session.connection.get({
    server: 'gateway',
    path: `/v1/alerts/${name.origin}/${name.id}/export`,
    accept: 'application/json',
    purpose,
    ...(signal && { signal }),
  })
  const { stamp: stampBytes, ...given } = jsonFrom(answer, exportedShape)
  const item = { ...given, ...name, stampBytes }
  const asked = { action: 'EXPORT', purpose, newestBefore } as const
  const [release] = await verifyReleases(session, [item], asked)
  if (release === undefined) throw new RangeError('one release was asked for')
  if (!release.ok) return release
  // First the receipt: its checkpoint is signed by the key that the directory names by then.
  const receipt = await log.receipt(release.record, options)
  if (receipt === null) return { ...release, evidence: null }
  const directory = await entriesOf(session, signal)
  const { signedAlert } = release
  return { ...release, evidence: formatEvidence({ signedAlert, receipt, directory }) }
}

/** Every entry of the chain, verified anew. */
const entriesOf = async (
  session: Session,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> => {
  const entries: Uint8Array[] = []
  const mirror = session.directory.retold(({ judgement, bytes }) => {
    if (judgement.ok) entries.push(bytes)
  })
  await mirror.catchUp(undefined, signal)
  return entries
}

const exportedShape = objectOf({
  origin: namedShape(isAgencyId),
  id: namedShape(isUuid),
  signedAlert: bytesShape(LIMITS.signedAlertBytesMax),
  stamp: bytesShape(LIMITS.entryBytesMax),
  record: objectOf({ index: countShape, bytes: bytesShape(LIMITS.accessRecordBytesMax) }),
})
