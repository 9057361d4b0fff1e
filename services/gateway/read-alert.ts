import type { AlertName } from '#core/alert.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import { accept, type Refusal, type Result } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { chargeRate, peekRate } from '#services/gateway/rates.ts'
import {
  decideRead,
  draftOf,
  openAll,
  type Reader,
  type Released,
  release,
  standingFaultOf,
} from '#services/gateway/release.ts'

/**
 * One alert by its name. Denied is as non-existent: the same answer at the same cost, and a record
 * of the request in both cases.
 */
export const readAlert = async (
  deps: GatewayDeps,
  reader: Reader,
  name: AlertName,
): Promise<Result<Released>> => {
  const limited = await peekRate(deps, reader, 'denied')
  if (limited !== null) return { ok: false, refusal: limited }
  const decidedAt = deps.directory.state.sequence
  const alert = deps.index.find(reader.caller.realm, name)
  const decision = alert && decideRead(deps, reader.caller, alert)
  if (!alert || !decision?.allowed) {
    await chargeRate(deps, reader, 'denied')
    const reasons = decision?.allowed === false ? decision.reasons : ['not-found']
    return refuseRead(deps, reader, { name, alert, reasons, refusal: { code: 'not-found' } })
  }
  const fault = standingFaultOf(deps, reader, alert)
  if (fault !== null) {
    return refuseRead(deps, reader, { name, alert, reasons: [fault], refusal: { code: fault } })
  }
  const { opened } = await openAll(deps, [alert])
  const released = await release(deps, reader, { action: 'READ', decidedAt }, opened)
  if (!released.ok) return released
  const [only] = released.value
  if (only !== undefined) return accept(only)
  // Withdrawn while its record was being written: the record stays, the bytes do not go.
  const isAllowed = decideRead(deps, reader.caller, alert).allowed
  const code = isAllowed ? standingFaultOf(deps, reader, alert) : null
  return { ok: false, refusal: { code: code ?? 'not-found' } }
}

const refuseRead = async (
  deps: GatewayDeps,
  reader: Reader,
  denial: {
    readonly name: AlertName
    readonly alert: IndexedAlert | null
    readonly reasons: readonly string[]
    readonly refusal: Refusal
  },
): Promise<Result<never>> => {
  const { name, alert, reasons, refusal } = denial
  const { origin, id } = name
  await deps.accessLog.append([
    {
      ...draftOf(deps, reader),
      action: 'READ',
      outcome: 'DENIED',
      reasons,
      alert: { origin, id, digest: alert?.digest ?? null },
    },
  ])
  return { ok: false, refusal }
}
