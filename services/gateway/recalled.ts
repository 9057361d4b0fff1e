import type { AlertName } from '#core/alert.ts'
import { ALERT_PAYLOAD_TYPE, envelopeFrom } from '#core/envelope.ts'
import { frameFrom, openFrame } from '#core/frame.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import type { Realm } from '#core/realm.ts'
import { isCompromised } from '#core/signing.ts'
import type { Uuid } from '#core/uuid.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'

/**
 * Which alert recalled this one, as far as this node has read: the first by acceptance; null when
 * none did. Asked anew each time: a recall may come while a record is being written.
 */
export const recalledBy = (deps: GatewayDeps, alert: IndexedAlert): Uuid | null => {
  const { realm, origin } = alert
  const standing = deps.index.recallsOf(alert).find((id) => isStanding(deps, realm, { origin, id }))
  return standing ?? null
}

/** Whether it was recalled and the caller is not of its origin, to whom alone it is still given. */
export const isWithdrawnFrom = (deps: GatewayDeps, agency: string, alert: IndexedAlert): boolean =>
  alert.origin !== agency && recalledBy(deps, alert) !== null

/**
 * False when a stolen key signed the recall: it would hide a true alert for good. What cannot be
 * opened stands.
 */
export const isStanding = (
  { index, seal, directory }: GatewayDeps,
  realm: Realm,
  name: AlertName,
): boolean => {
  const recall = index.find(realm, name)
  const frame = recall && frameFrom(recall.frame)
  const opened = frame && openFrame(seal, frame)
  if (!frame || opened?.state !== 'opened') return true
  const envelope = envelopeFrom(opened.plaintext, ALERT_PAYLOAD_TYPE)
  if (!envelope.ok) return true
  return !isCompromised(directory.state, envelope.value, frame.stamp.acceptedAtMs)
}
