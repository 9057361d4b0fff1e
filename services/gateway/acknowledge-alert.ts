import type { WrittenRecord } from '#core/access-log.ts'
import type { AlertName } from '#core/alert.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { accept, type Result } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { chargeRate, peekRate } from '#services/gateway/rates.ts'
import { decideOn, draftOf, type Reader } from '#services/gateway/release.ts'

export interface Acknowledgement extends AlertName {
  readonly digest: Uint8Array
  readonly record: WrittenRecord
}

/**
 * Says for the record that an alert has come to who may read it now. The record is the whole act:
 * nothing else is stored, so a second acknowledgement is a second record. One of an alert that
 * expired or was withdrawn is taken: it releases nothing. Denied is as non-existent.
 */
export const acknowledgeAlert = async (
  deps: GatewayDeps,
  reader: Reader,
  name: AlertName,
): Promise<Result<Acknowledgement>> => {
  const limited = await peekRate(deps, reader, 'denied')
  if (limited !== null) return { ok: false, refusal: limited }
  const { origin, id } = name
  const alert = deps.index.find(reader.caller.realm, name)
  const decision = alert && decideOn(deps, reader.caller, alert, 'acknowledge')
  const isAllowed = decision?.allowed ?? false
  if (!isAllowed) await chargeRate(deps, reader, 'denied')
  const [record] = await deps.accessLog.append([
    {
      ...draftOf(deps, reader),
      action: 'ACKNOWLEDGE',
      outcome: isAllowed ? 'ALLOWED' : 'DENIED',
      reasons: decision?.allowed === false ? decision.reasons : alert ? [] : ['not-found'],
      alert: { origin, id, digest: alert?.digest ?? null },
    },
  ])
  // Asked again: who lost the right while the record was written is not told what there is.
  if (!alert || !isAllowed || !decideOn(deps, reader.caller, alert, 'acknowledge').allowed) {
    return { ok: false, refusal: { code: 'not-found' } }
  }
  if (record === undefined) throw new OutcomeUnknown('no record came back')
  return accept({ origin, id, digest: alert.digest, record })
}
