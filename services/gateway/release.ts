import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { directoryHead, type RecordDraft, type WrittenRecord } from '#core/access-log.ts'
import type { Purpose } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, type Envelope, envelopeFrom } from '#core/envelope.ts'
import { frameFrom, openFrame, type Stamp } from '#core/frame.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import type { Decision } from '#core/ports/policy.ts'
import { accept, type RefusalCode, type Result, refuse } from '#core/refusal.ts'
import { isCompromised } from '#core/signing.ts'
import type { Uuid } from '#core/uuid.ts'
import { overConnection, type Verdict } from '#services/gateway/connection-rule.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { isWithdrawnFrom, recalledBy } from '#services/gateway/recalled.ts'

export interface Reader {
  readonly caller: AuthenticatedCaller
  readonly requestId: Uuid
  readonly purpose: Purpose | null
}

/** An alert with its record: what may leave the hub. */
export interface Released extends AlertName {
  readonly signedAlert: Uint8Array
  readonly stamp: Stamp
  readonly stampBytes: Uint8Array
  readonly record: { readonly index: number; readonly bytes: Uint8Array }
}

/** An alert of the index with its seal open: plaintext inside this process, not yet released. */
interface Opened {
  readonly alert: IndexedAlert
  readonly signedAlert: Uint8Array
  readonly envelope: Envelope
  readonly stamp: Stamp
  readonly stampBytes: Uint8Array
}

/** Whether this node decides by the policy that the directory has activated. */
export const isPolicyActive = ({ directory, policy }: GatewayDeps): boolean => {
  const active = directory.state.policyDigest
  return active !== null && equalBytes(active, policy.digest)
}

type Labelled = Pick<IndexedAlert, 'origin' | 'label'>

/** What policy and connection say of this caller and label, by the directory as it is now. */
export const decideOn = (
  { directory, policy }: GatewayDeps,
  caller: AuthenticatedCaller,
  { origin, label }: Labelled,
  action: 'read' | 'acknowledge' | 'export',
): Verdict => {
  const { principal, realm } = caller
  const standing = directory.state.standingOf(principal, realm)
  if (standing === null) return { allowed: false, reasons: ['suspended'] }
  const alert = { origin, label }
  const decision = policy.decide({ action, realm, principal: standing, alert })
  return overConnection(caller, label.classification, decision)
}

/** What the policy says of a call that is about no label. */
export const decideCall = (
  { directory, policy }: GatewayDeps,
  { principal, realm }: AuthenticatedCaller,
  action: 'directory' | 'directory-enter' | 'status',
  origin: AgencyId | null = null,
): Decision => {
  const standing = directory.state.standingOf(principal, realm)
  if (standing === null) return { allowed: false, reasons: ['suspended'] }
  const alert = origin && { origin, label: null }
  return policy.decide({ action, realm, principal: standing, alert })
}

export const decideRead = (
  deps: GatewayDeps,
  caller: AuthenticatedCaller,
  alert: Labelled,
): Verdict => decideOn(deps, caller, alert, 'read')

/** What the policy is asked before an alert leaves in a record's action. */
export const DECIDED_AS = { RELEASE: 'read', READ: 'read', EXPORT: 'export' } as const
export type ReleaseAction = keyof typeof DECIDED_AS

/**
 * Releases those alerts, which the caller was found to be allowed when the directory was at the
 * sequence `decidedAt`, that still may go: appends a record for each, waits until they are durable,
 * decides again, and only then hands out bytes.
 * A crash or a change in between leaves records of alerts nobody got: records may exceed
 * deliveries, deliveries never exceed records.
 */
export const release = async (
  deps: GatewayDeps,
  reader: Reader,
  { action, decidedAt }: { readonly action: ReleaseAction; readonly decidedAt: number },
  opened: readonly Opened[],
): Promise<Result<readonly Released[]>> => {
  const isSound = (one: Opened): boolean => standingFault(deps, reader, action, one) === null
  const sound = opened.filter(isSound)
  const drafts = sound.map(({ alert }) => allowedDraft(deps, reader, action, alert))
  const records = await appended(deps, drafts)
  if (records === null) return refuse('record-not-durable')
  if (!deps.directory.isFresh()) return refuse('directory-stale')
  if (!isPolicyActive(deps)) return refuse('policy-not-active')
  const mayGo = (one: Opened): boolean =>
    isSound(one) &&
    (deps.directory.state.sequence === decidedAt ||
      decideOn(deps, reader.caller, one.alert, DECIDED_AS[action]).allowed)
  return accept(
    sound.flatMap((one, at) => {
      const record = records[at]
      if (record === undefined || !mayGo(one)) return []
      const { signedAlert, stamp, stampBytes, alert } = one
      return [{ origin: alert.origin, id: alert.id, signedAlert, stamp, stampBytes, record }]
    }),
  )
}

/**
 * Opens alerts up to the first that is damaged, and passes over the erased. In slices, with a turn
 * of the event loop between: a large page must not hold up a flash.
 */
export const openAll = async (
  deps: GatewayDeps,
  alerts: readonly IndexedAlert[],
): Promise<{ readonly opened: readonly Opened[]; readonly damagedAt: number | null }> => {
  const opened: Opened[] = []
  for (const [at, alert] of alerts.entries()) {
    if (at > 0 && at % LIMITS.releaseSliceAlerts === 0) await deps.clock.sleep(0)
    const one = open(deps, alert)
    if (one === 'index-damaged') return { opened, damagedAt: at }
    if (one !== 'erased') opened.push(one)
  }
  return { opened, damagedAt: null }
}

/** Null when the records are not certainly there: then not one byte goes. */
export const appended = async (
  { accessLog }: GatewayDeps,
  drafts: readonly RecordDraft[],
): Promise<readonly WrittenRecord[] | null> => {
  try {
    return await accessLog.append(drafts)
  } catch (error) {
    if (error instanceof LogUnavailable || error instanceof OutcomeUnknown) return null
    throw error
  }
}

/** Why an alert is not released although the label allows it: judged at each read. */
export const standingFaultOf = (
  deps: GatewayDeps,
  reader: Reader,
  alert: IndexedAlert,
  action: ReleaseAction = 'READ',
): RefusalCode | null => {
  const opened = open(deps, alert)
  return typeof opened === 'string' ? opened : standingFault(deps, reader, action, opened)
}

const standingFault = (
  deps: GatewayDeps,
  { caller }: Reader,
  action: ReleaseAction,
  opened: Opened,
): RefusalCode | null => {
  const { alert } = opened
  if (isWithdrawnFrom(deps, caller.agency, alert)) return 'recalled'
  // Its origin may still look at what it recalled; nobody makes evidence of it.
  if (action === 'EXPORT' && recalledBy(deps, alert) !== null) return 'recalled'
  return ownFault(deps, opened)
}

/** Why an alert is released to nobody, whether it was recalled or not. */
export const faultOf = (deps: GatewayDeps, alert: IndexedAlert): RefusalCode | null => {
  const opened = open(deps, alert)
  return typeof opened === 'string' ? opened : ownFault(deps, opened)
}

const ownFault = (
  { directory, clock }: GatewayDeps,
  { alert, envelope, stamp }: Opened,
): RefusalCode | null => {
  if (alert.expiresAtMs !== null && alert.expiresAtMs <= clock.nowMs()) return 'expired'
  return isCompromised(directory.state, envelope, stamp.acceptedAtMs) ? 'compromised' : null
}

/** `erased` when its seal key was destroyed; with an alarm when the row is damaged. */
const open = (deps: GatewayDeps, alert: IndexedAlert): Opened | 'erased' | 'index-damaged' => {
  const known = deps.frames.recall(alert.frame)
  if (known !== null && equalBytes(known.frame.stamp.digest, alert.digest)) {
    const { signedAlert, envelope, frame } = known
    const { stamp, stampBytes } = frame
    return { alert, signedAlert, envelope, stamp, stampBytes }
  }
  const frame = frameFrom(alert.frame)
  const opened = frame && openFrame(deps.seal, frame)
  if (opened?.state === 'erased') return 'erased'
  // The stamp's digest was checked against these bytes when the frame came in; the seal vouches
  // that neither changed since.
  if (frame && opened?.state === 'opened' && equalBytes(frame.stamp.digest, alert.digest)) {
    const signedAlert = opened.plaintext
    const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
    const { stamp, stampBytes } = frame
    if (envelope.ok) return { alert, signedAlert, envelope: envelope.value, stamp, stampBytes }
  }
  deps.onAlarm({ what: 'index-damaged', topic: alert.topic, offset: alert.offset })
  return 'index-damaged'
}

export const allowedDraft = (
  deps: GatewayDeps,
  reader: Reader,
  action: ReleaseAction,
  { origin, id, digest }: AlertName & { readonly digest: Uint8Array },
): RecordDraft => ({
  ...draftOf(deps, reader),
  action,
  outcome: 'ALLOWED',
  reasons: [],
  alert: { origin, id, digest },
})

/** What all records of a reader's request share. */
export const draftOf = ({ policy, directory }: GatewayDeps, reader: Reader) => ({
  requestId: reader.requestId,
  realm: reader.caller.realm,
  principal: reader.caller.principal,
  agency: reader.caller.agency,
  policyDigest: policy.digest,
  directory: directoryHead(directory.state),
  purpose: reader.purpose,
  searchTerms: null,
})
