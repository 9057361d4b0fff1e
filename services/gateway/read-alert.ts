import type { AlertName } from '#core/alert.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import { accept, type Refusal, type Result } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { chargeRate, peekRate } from '#services/gateway/rates.ts'
import {
  DECIDED_AS,
  decideOn,
  draftOf,
  openAll,
  type Reader,
  type ReleaseAction,
  type Released,
  release,
  standingFaultOf,
} from '#services/gateway/release.ts'

/** What may be asked of one alert by its name. */
export type DirectAction = Exclude<ReleaseAction, 'RELEASE'>

/**
 * One alert by its name, to read or to export. Denied is as non-existent: the same answer at the
 * same cost, and a record of the request in both cases.
 */
export const readAlert = async (
  deps: GatewayDeps,
  reader: Reader,
  action: DirectAction,
  name: AlertName,
): Promise<Result<Released>> => {
  const decide = (about: IndexedAlert) => decideOn(deps, reader.caller, about, DECIDED_AS[action])
  const limited = await peekRate(deps, reader, 'denied')
  if (limited !== null) return { ok: false, refusal: limited }
  const decidedAt = deps.directory.state.sequence
  const alert = deps.index.find(reader.caller.realm, name)
  const decision = alert && decide(alert)
  if (!alert || !decision?.allowed) {
    await chargeRate(deps, reader, 'denied')
    const reasons = decision?.allowed === false ? decision.reasons : ['not-found']
    const refusal = { code: 'not-found' } as const
    return refuseRead(deps, reader, { action, name, alert, reasons, refusal })
  }
  const fault = standingFaultOf(deps, reader, alert, action)
  if (fault !== null) {
    const refusal = { code: fault }
    return refuseRead(deps, reader, { action, name, alert, reasons: [fault], refusal })
  }
  const { opened } = await openAll(deps, [alert])
  const released = await release(deps, reader, { action, decidedAt }, opened)
  if (!released.ok) return released
  const [only] = released.value
  if (only !== undefined) return accept(only)
  // Withdrawn while its record was being written: the record stays, the bytes do not go.
  const isAllowed = decide(alert).allowed
  const code = isAllowed ? standingFaultOf(deps, reader, alert, action) : null
  return { ok: false, refusal: { code: code ?? 'not-found' } }
}

const refuseRead = async (
  deps: GatewayDeps,
  reader: Reader,
  denial: {
    readonly action: DirectAction
    readonly name: AlertName
    readonly alert: IndexedAlert | null
    readonly reasons: readonly string[]
    readonly refusal: Refusal
  },
): Promise<Result<never>> => {
  const { action, name, alert, reasons, refusal } = denial
  const { origin, id } = name
  await deps.accessLog.append([
    {
      ...draftOf(deps, reader),
      action,
      outcome: 'DENIED',
      reasons,
      alert: { origin, id, digest: alert?.digest ?? null },
    },
  ])
  return { ok: false, refusal }
}
