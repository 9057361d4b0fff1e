import { type GivenRecord, givenRecordFrom, type RecordBytes } from '#clients/sdk/given-record.ts'
import { type Act, differsFromAct } from '#clients/sdk/record-of-act.ts'
import type { ReleaseFault, ReleaseFaultCode } from '#clients/sdk/release-fault.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { Alert, AlertName } from '#core/alert.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { equalBytes } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, type Envelope, envelopeFrom } from '#core/envelope.ts'
import { type Stamp, stampFrom } from '#core/frame.ts'
import type { Sha256 } from '#core/hash.ts'
import { isCompromised, signaturesFault } from '#core/signing.ts'

/** What a hub hands out with an alert, as it came. */
export interface GivenAlert extends AlertName {
  readonly signedAlert: Uint8Array
  readonly stampBytes: Uint8Array
  readonly record: RecordBytes
}

/** An alert that its origin signed, released to this principal, with the record of that. */
export interface VerifiedAlert {
  readonly ok: true
  readonly alert: Alert
  /** What was signed is sacred: forward and keep these bytes, not the alert. */
  readonly signedAlert: Uint8Array
  readonly stamp: Stamp
  /** That it is in the log, `LogClient.verifyRecord` says. */
  readonly record: GivenRecord
}

export type Release = VerifiedAlert | ReleaseFault

/** What this client asked for. */
export interface Asked extends Pick<Act, 'purpose'> {
  readonly action: 'RELEASE' | 'READ' | 'EXPORT'
  /** `session.records.index` when the request was sent. */
  readonly newestBefore: number
}

/** Verifies what came, in its order; gives as many releases as items. Rejects as
 * `DirectoryMirror.catchUp` does. */
export const verifyReleases = async (
  session: Session,
  items: readonly (GivenAlert | ReleaseFault)[],
  asked: Asked,
): Promise<readonly Release[]> => {
  const opened = items.map((item) => ('ok' in item ? item : open(item, session.sha256)))
  const needed = opened.flatMap((one) => (one.ok ? [sequenceOf(one)] : []))
  if (needed.length > 0) await session.directory.catchUp(Math.max(...needed))
  const releases: Release[] = []
  let { newestBefore } = asked
  for (const one of opened) {
    const release = one.ok ? await judge(session, one, { ...asked, newestBefore }) : one
    if (release.ok) newestBefore = release.record.index
    releases.push(release)
  }
  session.records.given(newestBefore)
  return releases
}

interface Opened {
  readonly ok: true
  readonly given: GivenAlert
  readonly envelope: Envelope
  readonly alert: Alert
  readonly digest: Uint8Array
  readonly stamp: Stamp
  readonly record: GivenRecord
}

const open = (given: GivenAlert, sha256: Sha256): Opened | ReleaseFault => {
  const envelope = envelopeFrom(given.signedAlert, ALERT_PAYLOAD_TYPE)
  const alert = envelope.ok ? decodeAlert(envelope.value.payload) : envelope
  if (!envelope.ok || !alert.ok) {
    return faultOf(given, 'alert-unreadable', alert.ok ? null : alert.refusal.code)
  }
  const stamp = stampFrom(given.stampBytes)
  if (stamp === null) return faultOf(given, 'stamp-unreadable', null)
  const record = givenRecordFrom(given.record, sha256)
  if (record === null) return faultOf(given, 'record-unreadable', null)
  const digest = digestOf(envelope.value, sha256)
  return { ok: true, given, envelope: envelope.value, alert: alert.value, digest, stamp, record }
}

/** By which entry of the directory it has to be judged: the stamp's, and the release's own. */
const sequenceOf = ({ stamp, record }: Opened): number =>
  Math.max(stamp.directorySequence, record.content.directory?.sequence ?? 0)

const judge = async (session: Session, opened: Opened, asked: Asked): Promise<Release> => {
  const found =
    nameFault(session, opened) ??
    recordFault(session, opened, asked) ??
    directoryFault(session, opened) ??
    (await signingFault(session, opened))
  if (found !== null) return faultOf(opened.given, ...found)
  const { alert, stamp, record, given } = opened
  return { ok: true, alert, signedAlert: given.signedAlert, stamp, record }
}

type Found = readonly [fault: ReleaseFaultCode, detail: string | null] | null

const nameFault = ({ realm }: Session, { given, alert, stamp, digest }: Opened): Found => {
  if (alert.origin !== given.origin || alert.id !== given.id) return ['other-alert', null]
  if (alert.realm !== realm) return ['other-realm', alert.realm]
  const isSame = stamp.origin === alert.origin && stamp.id === alert.id && stamp.realm === realm
  if (!isSame) return ['stamp-differs', 'name']
  return equalBytes(stamp.digest, digest) ? null : ['stamp-differs', 'digest']
}

const recordFault = (session: Session, opened: Opened, asked: Asked): Found => {
  const { realm, agency, principal } = session
  const { alert, digest, record, stamp } = opened
  const { origin, id } = alert
  const { action, purpose } = asked
  const act = { action, realm, agency, principal, alert: { origin, id, digest }, purpose }
  const differs = differsFromAct(record.content, act)
  if (differs !== null) return ['record-differs', differs]
  if (record.index <= stamp.publishRecord.index) return ['record-before-publication', null]
  return record.index <= asked.newestBefore ? ['record-replayed', null] : null
}

const directoryFault = ({ directory }: Session, { stamp, record }: Opened): Found => {
  const head = record.content.directory
  if (head === null) return ['record-differs', 'directory']
  const { sequence } = directory.state
  if (Math.max(stamp.directorySequence, head.sequence) > sequence) return ['directory-behind', null]
  const digest = directory.digestAt(head.sequence)
  return digest !== null && equalBytes(digest, head.digest) ? null : ['directory-differs', null]
}

const signingFault = async (
  { directory, verify }: Session,
  { envelope, alert, stamp }: Opened,
): Promise<Found> => {
  const { origin, realm } = alert
  const { directorySequence, acceptedAtMs } = stamp
  const moment = { origin, realm, directorySequence, acceptedAtMs }
  const fault = await signaturesFault(directory.state, envelope, moment, verify)
  if (fault !== null) return ['signature-refused', fault]
  const compromised = isCompromised(directory.state, envelope, acceptedAtMs)
  return compromised ? ['key-compromised', null] : null
}

const faultOf = (
  given: GivenAlert,
  fault: ReleaseFaultCode,
  detail: string | null,
): ReleaseFault => {
  const { origin, id } = given
  return { ok: false, fault, detail, name: { origin, id }, evidence: given }
}
