import type { Alert, Reference } from '#core/alert.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { equalBytes } from '#core/bytes.ts'
import { withDeadline } from '#core/deadline.ts'
import { ALERT_PAYLOAD_TYPE, envelopeFrom } from '#core/envelope.ts'
import { frameFrom, openFrame } from '#core/frame.ts'
import { labelKey } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import type { IntakeRow } from '#core/ports/intake-store.ts'
import type { Refusal } from '#core/refusal.ts'
import { intakeTopic } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'

/**
 * Why an alert may not recall or supersede what it says it does; null when it may. Only its origin
 * gets this far, so the answer tells nobody else what exists. A recall bears the very label of what
 * it recalls: another one would reach too few of those who must hear of it, or too many. Rejects
 * with OutcomeUnknown when this node does not read its intake topic to the end in time.
 */
export const referenceRefusal = async (
  deps: GatewayDeps,
  alert: Alert,
): Promise<Refusal | null> => {
  for (const reference of alert.references) {
    const refusal = await refusalOf(deps, alert, reference)
    if (refusal !== null) return refusal
  }
  return null
}

const refusalOf = async (
  deps: GatewayDeps,
  alert: Alert,
  reference: Reference,
): Promise<Refusal | null> => {
  const { relation } = reference
  if (relation !== 'RECALLS' && relation !== 'SUPERSEDES') return null
  const topic = intakeTopicOf(deps, alert)
  const row = topic && (await rowOf(deps, topic, alert, reference))
  if (relation === 'SUPERSEDES') return row ? null : { code: 'superseded-unknown' }
  const recalled = row && (await publishedAlert(deps, topic, row))
  if (!recalled) return { code: 'recall-unknown' }
  // Else it would be withdrawn in its turn, and with it the word that something was recalled.
  if (recalled.kind === 'RECALL') return { code: 'recall-unknown', detail: 'a recall' }
  const isSame = labelKey(recalled.label) === labelKey(alert.label)
  return isSame ? null : { code: 'recall-label-differs' }
}

const intakeTopicOf = ({ directory }: GatewayDeps, { realm, origin }: Alert): string | null => {
  const home = directory.state.agencies.get(origin)?.home
  return home === undefined ? null : intakeTopic(realm, home)
}

/** Another gateway may have accepted it a moment ago: only a view that has read on may say no. */
const rowOf = async (
  deps: GatewayDeps,
  topic: string,
  { realm }: Alert,
  { digest, ...name }: Reference,
): Promise<IntakeRow | null> => {
  const { intake, intakeFollowers, log, clock } = deps
  if (intake.find(realm, name) === null) {
    const head = await log.head(topic)
    const passed = (signal: AbortSignal) => intakeFollowers.passed(topic, head - 1, signal)
    await withDeadline(passed, LIMITS.intakePassedMsMax, {
      clock,
      why: 'the intake view did not read to the end in time',
    })
  }
  const row = intake.find(realm, name)
  return row !== null && equalBytes(row.digest, digest) ? row : null
}

/** From the intake topic, which has it as soon as it is accepted; null when it was erased. */
const publishedAlert = async (
  { log, seal }: GatewayDeps,
  topic: string,
  { offset }: IntakeRow,
): Promise<Alert | null> => {
  const [entry] = await log.read(topic, offset, 1)
  const frame = entry === undefined || entry.offset !== offset ? null : frameFrom(entry.value)
  const opened = frame && openFrame(seal, frame)
  if (opened?.state !== 'opened') return null
  const envelope = envelopeFrom(opened.plaintext, ALERT_PAYLOAD_TYPE)
  const decoded = envelope.ok ? decodeAlert(envelope.value.payload) : envelope
  return decoded.ok ? decoded.value : null
}
