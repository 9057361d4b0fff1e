import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { directoryHead, type WrittenRecord } from '#core/access-log.ts'
import type { Purpose } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { appendLaneOf } from '#core/append-lane.ts'
import { equalBytes } from '#core/bytes.ts'
import { withDeadline } from '#core/deadline.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, type Envelope, envelopeFrom } from '#core/envelope.ts'
import { sealFrame } from '#core/frame.ts'
import { LIMITS } from '#core/limits.ts'
import type { IntakeRow } from '#core/ports/intake-store.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { laneOf } from '#core/rates.ts'
import { accept, REFUSALS, type Refusal, type Result, refuse } from '#core/refusal.ts'
import { signaturesFault } from '#core/signing.ts'
import { ACCESS_TOPIC, intakeTopic, topicsOf } from '#core/topics.ts'
import type { Uuid } from '#core/uuid.ts'
import { isBoundFor, overConnection, TOKEN_UNBOUND } from '#services/gateway/connection-rule.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { chargeRate, takeRate } from '#services/gateway/rates.ts'
import { referenceRefusal } from '#services/gateway/reference-refusal.ts'

export interface Publication {
  readonly caller: AuthenticatedCaller
  readonly requestId: Uuid
  readonly purpose: Purpose | null
  readonly signedAlert: Uint8Array
}

export interface Accepted {
  /** False when the hub had these very bytes already: the first answer again. */
  readonly isNew: boolean
  readonly alert: Alert
  readonly digest: Uint8Array
  readonly acceptedAtMs: number
  readonly record: { readonly index: number; readonly bytes: Uint8Array }
}

/** What is known of a publication by the time it is refused. */
interface Known {
  readonly alert: Alert
  readonly digest: Uint8Array
}

/**
 * Takes an alert in: checks it, records it, puts it into the intake topic. Both appends are
 * durable before this resolves. A refusal of a known caller is recorded before it is answered.
 */
export const acceptAlert = async (
  deps: GatewayDeps,
  publication: Publication,
): Promise<Result<Accepted>> => {
  const read = readAlert(deps, publication)
  if (!read.ok) return refuseWithRecord(deps, publication, null, read.refusal)
  const { envelope, ...known } = read.value
  const { alert, digest } = known
  if (laneOf(alert) === 'routine' && isRouterLate(deps, alert)) return refuse('overloaded')
  // Only its origin learns that an id is taken: to others it would say what exists. Whoever was
  // suspended is one of the others, although the token is still good; so is who needs a bound one.
  const { caller } = publication
  const isOrigin = alert.origin === caller.agency && caller.standing.active
  if (isOrigin && isBoundFor(caller, alert.label.classification)) {
    const row = deps.intake.find(alert.realm, alert)
    if (row !== null) return answerAgain(deps, publication, known, row)
  }
  const refusal =
    (await timelyRefusal(deps, publication, alert, envelope)) ??
    (await referenceRefusal(deps, alert))
  if (refusal !== null) return refuseWithRecord(deps, publication, known, refusal)
  // Only now: what an agency’s lane is used up by must be what its publishers signed, or whoever has
  // any token of the agency could close its FLASH lane with bytes that are good for nothing.
  const limited = await takeRate(deps, publication, laneOf(alert))
  if (limited !== null) return { ok: false, refusal: limited }
  const acceptedAtMs = deps.clock.nowMs()
  const { classification } = alert.label
  const sealKeyId = deps.seal.keyIdFor(alert.realm, classification, acceptedAtMs)
  if (sealKeyId === null) {
    return refuseWithRecord(deps, publication, known, { code: 'no-seal-key' })
  }
  const topic = intakeTopicOf(deps, alert)
  // While this node stands still there it could never answer, and each retry would add a record.
  if (topic === null || deps.intakeFollowers.trouble().has(topic)) return refuse('catching-up')
  const directorySequence = deps.directory.state.sequence
  // The record is written before the alert. A crash in between leaves a record of an alert nobody
  // got, which a retry of the same bytes completes (later PUBLISH records of one digest count for
  // nothing); the other order could hide a publication from the auditors for good.
  const record = await appendPublishRecord(deps, publication, known)
  if (deps.directory.state.sequence !== directorySequence) {
    // Who was put out while the record was written publishes nothing; records may say more.
    const since = await timelyRefusal(deps, publication, alert, envelope)
    if (since !== null) return refuseWithRecord(deps, publication, known, since)
  }
  const { realm, origin, id } = alert
  const publishRecord = { index: record.index, leafHash: record.leafHash }
  const stamp = { realm, origin, id, digest, publishRecord, directorySequence, acceptedAtMs }
  const { signedAlert } = publication
  const nonce = deps.random(NONCE_BYTES)
  const frame = sealFrame(deps.seal, { stamp, signedAlert, sealKeyId, nonce })
  return untilRouted(deps, { topic, alert }, () =>
    answerFirst(deps, publication, known, { topic, frame }),
  )
}

/** What can wait shall, so that the rest comes through: said before anything is spent on it. */
const isRouterLate = (deps: GatewayDeps, alert: Alert): boolean => {
  const topic = intakeTopicOf(deps, alert)
  return topic !== null && deps.routerLag.isLate(topic, deps.clock.monotonicMs())
}

/** Has the alert waited for behind the router, unless it turns out not to have gone in. */
const untilRouted = async (
  { routerLag, alertTopics, directory, clock }: GatewayDeps,
  { topic, alert }: { readonly topic: string; readonly alert: Alert },
  act: () => Promise<Result<Accepted>>,
): Promise<Result<Accepted>> => {
  const { realm, origin, label } = alert
  const home = directory.state.agencies.get(origin)?.home
  const targets = home === undefined ? [] : topicsOf(realm, label, home)
  // A node that follows none of the alert's topics would wait for ever.
  if (!targets.some((one) => alertTopics.includes(one))) return act()
  // Before the append: a router can be faster than the answer to it.
  routerLag.sent(topic, realm, alert, clock.monotonicMs())
  let hasGoneIn = false
  try {
    const answer = await act()
    hasGoneIn = answer.ok && answer.value.isNew
    return answer
  } finally {
    if (!hasGoneIn) routerLag.gaveUp(realm, alert)
  }
}

const intakeTopicOf = ({ directory }: GatewayDeps, { realm, origin }: Alert): string | null => {
  const home = directory.state.agencies.get(origin)?.home
  return home === undefined ? null : intakeTopic(realm, home)
}

const NONCE_BYTES = 12

/** Everything that does not depend on the time: the form of the bytes and the meaning of the alert. */
const readAlert = (
  { secondOpinion, sha256 }: GatewayDeps,
  { signedAlert, caller }: Publication,
): Result<Known & { readonly envelope: Envelope }> => {
  const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
  if (!envelope.ok) return envelope
  if (!secondOpinion.agreesOnSignedAlert(signedAlert)) return refuse('codecs-disagree')
  const { payload } = envelope.value
  const alert = decodeAlert(payload)
  if (!alert.ok) return alert
  if (!secondOpinion.agreesOnAlert(payload)) return refuse('codecs-disagree')
  if (alert.value.realm !== caller.realm) return refuse('realm-mismatch')
  const digest = digestOf(envelope.value, sha256)
  return accept({ envelope: envelope.value, alert: alert.value, digest })
}

/** Why a new alert is not taken now: time, keys, signatures, policy, in this order. */
const timelyRefusal = async (
  { clock, directory, policy, verify }: GatewayDeps,
  { caller }: Publication,
  alert: Alert,
  envelope: Envelope,
): Promise<Refusal | null> => {
  const { state } = directory
  const acceptedAtMs = clock.nowMs()
  const { realm, origin, label, sentAtMs, expiresAtMs } = alert
  if (Math.abs(sentAtMs - acceptedAtMs) > LIMITS.sentAtSkewMsMax) return { code: 'sent-at-absurd' }
  if (expiresAtMs !== null && expiresAtMs <= acceptedAtMs) return { code: 'already-expired' }
  const moment = { origin, realm, directorySequence: state.sequence, acceptedAtMs }
  const fault = await signaturesFault(state, envelope, moment, verify)
  if (fault !== null) return { code: fault }
  const isUnknown = label.releasableTo?.find((agency) => !state.agencies.has(agency))
  if (isUnknown !== undefined) return { code: 'agency-unknown' }
  // Asked again after the verification's awaits: the standing may have changed meanwhile.
  const standing = state.standingOf(caller.principal, realm) ?? caller.standing
  const decision = policy.decide({
    action: 'publish',
    realm,
    principal: standing,
    alert: { origin, label },
  })
  const verdict = overConnection(caller, label.classification, decision)
  if (verdict.allowed) return null
  // Who may publish it, only not so, is told what is missing.
  if (decision.allowed) return { code: TOKEN_UNBOUND }
  return { code: 'not-permitted', reasons: verdict.reasons }
}

const appendPublishRecord = async (
  deps: GatewayDeps,
  publication: Publication,
  known: Known,
): Promise<WrittenRecord> => {
  const [record] = await deps.accessLog.append(
    [{ ...draftOf(deps, publication, known), outcome: 'ALLOWED', reasons: [] }],
    { lane: appendLaneOf(known.alert) },
  )
  if (record === undefined) throw new OutcomeUnknown('no record came back')
  return record
}

/**
 * Appends the frame and answers by what the intake topic then says: the first valid frame of an
 * (origin, id) decides, so two gateways can never accept two bytes under one id.
 */
const answerFirst = async (
  deps: GatewayDeps,
  publication: Publication,
  known: Known,
  { topic, frame }: { readonly topic: string; readonly frame: Uint8Array },
): Promise<Result<Accepted>> => {
  const { alert, digest } = known
  const [offset] = await deps.log.append(topic, [frame], { lane: appendLaneOf(alert) })
  if (offset === undefined) throw new OutcomeUnknown('no offset came back')
  const passed = (signal: AbortSignal) => deps.intakeFollowers.passed(topic, offset, signal)
  await withDeadline(passed, LIMITS.intakePassedMsMax, {
    clock: deps.clock,
    why: 'the intake view did not pass the frame in time',
  })
  const row = deps.intake.find(alert.realm, alert)
  // Our own frame was not taken for valid: another process changed the directory in between.
  if (row === null) return refuseWithRecord(deps, publication, known, { code: 'not-permitted' })
  const answer = await answerAgain(deps, publication, known, row)
  if (!answer.ok) return answer
  return accept({ ...answer.value, isNew: row.offset === offset && equalBytes(row.digest, digest) })
}

/** The answer that the first publication of these bytes got; 409 when they were other bytes. */
const answerAgain = async (
  deps: GatewayDeps,
  publication: Publication,
  known: Known,
  row: IntakeRow,
): Promise<Result<Accepted>> => {
  if (!equalBytes(row.digest, known.digest)) {
    return refuseWithRecord(deps, publication, known, { code: 'id-taken' })
  }
  const [entry] = await deps.log.read(ACCESS_TOPIC, row.publishRecordIndex, 1)
  if (entry === undefined) throw new OutcomeUnknown('the publication’s record is not there')
  const { acceptedAtMs } = row
  const record = { index: entry.offset, bytes: entry.value }
  return accept({ ...known, isNew: false, acceptedAtMs, record })
}

/** Records the refusal of a publication, then gives it. */
export const refuseWithRecord = async (
  deps: GatewayDeps,
  publication: Omit<Publication, 'signedAlert'>,
  known: Known | null,
  refusal: Refusal,
): Promise<Result<never>> => {
  const [status] = REFUSALS[refusal.code]
  // What the hub cannot do is no fault of the sender.
  if (status < 500) await chargeRate(deps, publication, 'refused-publications')
  const reasons = refusal.reasons ?? [refusal.code]
  await deps.accessLog.append([
    { ...draftOf(deps, publication, known), outcome: 'DENIED', reasons },
  ])
  return { ok: false, refusal }
}

const draftOf = (
  { policy, directory }: GatewayDeps,
  { caller, requestId, purpose }: Omit<Publication, 'signedAlert'>,
  known: Known | null,
) => ({
  requestId,
  realm: caller.realm,
  principal: caller.principal,
  agency: caller.agency,
  action: 'PUBLISH' as const,
  alert: known && { origin: known.alert.origin, id: known.alert.id, digest: known.digest },
  policyDigest: policy.digest,
  directory: directoryHead(directory.state),
  purpose,
  searchTerms: null,
})
