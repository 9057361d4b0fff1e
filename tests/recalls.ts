import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import type { Alert, Reference } from '#core/alert.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, envelopeFrom } from '#core/envelope.ts'
import { sealFrame } from '#core/frame.ts'
import { topicsOf } from '#core/topics.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { signed, type TestHub } from '#tests/test-hub.ts'

/** What a signed alert is referred to by. */
export const digestIn = (signedAlert: Uint8Array): Uint8Array => {
  const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
  if (!envelope.ok) throw new Error(envelope.refusal.code)
  return digestOf(envelope.value, sha256)
}

/** A recall of `alert`, as its origin would write it; `changes` replace its parts. */
export const recallOf = (
  alert: Alert,
  signedAlert: Uint8Array,
  changes: Partial<Alert> = {},
): Alert =>
  sampleAlert({
    origin: alert.origin,
    kind: 'RECALL',
    precedence: 'IMMEDIATE',
    label: alert.label,
    texts: [{ language: 'en', headline: 'Recalled', narrative: 'That was wrong.' }],
    areas: [],
    references: [referenceTo('RECALLS', alert, signedAlert)],
    ...changes,
  })

export const referenceTo = (
  relation: Reference['relation'],
  { origin, id }: Alert,
  signedAlert: Uint8Array,
): Reference => ({ relation, origin, id, digest: digestIn(signedAlert) })

/** Puts an authentic frame straight into the alert topics, past every check of a gateway. */
export const smuggle = async (hub: TestHub, alert: Alert): Promise<void> => {
  const { deps } = hub.hub.gateway
  const signedAlert = await signed(alert, hub.home.alertSigner(alert.origin))
  const acceptedAtMs = Date.now()
  const { realm, origin, id, label } = alert
  const sealKeyId = deps.seal.keyIdFor(realm, label.classification, acceptedAtMs)
  const { state } = deps.directory
  const home = state.agencies.get(origin)?.home
  if (sealKeyId === null || home === undefined) throw new Error('no seal key, or no home')
  const publishRecord = { index: 0, leafHash: new Uint8Array(32) }
  const digest = digestIn(signedAlert)
  const directorySequence = state.sequence
  const stamp = { realm, origin, id, digest, publishRecord, directorySequence, acceptedAtMs }
  const nonce = randomBytes(12)
  const frame = sealFrame(deps.seal, { stamp, signedAlert, sealKeyId, nonce })
  for (const topic of topicsOf(realm, label, home)) await deps.log.append(topic, [frame])
  await deps.alertFollowers.caughtUp()
}
