import type { AlertName } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { accept, type Result } from '#core/refusal.ts'
import { topicsOf } from '#core/topics.ts'
import type { Uuid } from '#core/uuid.ts'
import { type Acknowledging, acknowledgingOf } from '#services/gateway/awaited-from.ts'
import { isBoundFor, TOKEN_UNBOUND } from '#services/gateway/connection-rule.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { chargeRate, peekRate } from '#services/gateway/rates.ts'
import { recalledBy } from '#services/gateway/recalled.ts'
import { decideCall, draftOf, type Reader } from '#services/gateway/release.ts'

/** Where an alert of one's own agency stands. */
export interface AlertStatus extends AlertName {
  readonly state: 'accepted' | 'routed' | 'dead-lettered'
  readonly digest: string
  readonly acceptedAtMs: number
  readonly publishRecordIndex: number
  /** The topics that the label leads to; known once the alert is in this node's index. */
  readonly topics: readonly string[]
  /** Why it was dead-lettered, as a code. */
  readonly why: string | null
  /** The alert of the same origin that recalled it, and the first that superseded it, as far as this
   * node has read; null when there is none. */
  readonly recalledBy: Uuid | null
  readonly supersededBy: Uuid | null
  /** Null until it is in this node's index, and for who may not ask whom a label reaches. */
  readonly acknowledgement: Acknowledging | null
}

/** For principals of the origin; to all others there is nothing here, and a record of the asking. */
export const statusOf = async (
  deps: GatewayDeps,
  reader: Reader,
  name: AlertName,
): Promise<Result<AlertStatus>> => {
  const limited = await peekRate(deps, reader, 'denied')
  if (limited !== null) return { ok: false, refusal: limited }
  const { realm } = reader.caller
  const decision = decideCall(deps, reader.caller, 'status', name.origin)
  const row = decision.allowed ? deps.intake.find(realm, name) : null
  const indexed = row && deps.index.find(realm, name)
  const isBound = isBoundFor(reader.caller, indexed?.label.classification ?? null)
  const acknowledgement = indexed && isBound ? await acknowledgingOf(deps, reader, indexed) : null
  // Asked again: that took turns in which the caller may have been put out.
  const still = decideCall(deps, reader.caller, 'status', name.origin)
  if (row !== null && isBound && still.allowed) {
    const home = deps.directory.state.agencies.get(name.origin)?.home
    const fate = indexed ? 'routed' : (row.fate?.state ?? 'accepted')
    const { origin, id, digest, acceptedAtMs, publishRecordIndex } = row
    return accept({
      origin,
      id,
      state: fate,
      digest: hex(digest),
      acceptedAtMs,
      publishRecordIndex,
      topics: indexed && home ? topicsOf(realm, indexed.label, home) : [],
      recalledBy: indexed && recalledBy(deps, indexed),
      supersededBy: indexed && deps.index.supersededBy(indexed),
      acknowledgement,
      why: fate === 'dead-lettered' && row.fate?.state === fate ? row.fate.why : null,
    })
  }
  await chargeRate(deps, reader, 'denied')
  const { origin, id } = name
  const draft = { ...draftOf(deps, reader), alert: { origin, id, digest: null } }
  const reasons = still.allowed ? [row === null ? 'not-found' : TOKEN_UNBOUND] : still.reasons
  await deps.accessLog.append([{ ...draft, action: 'READ', outcome: 'DENIED', reasons }])
  return { ok: false, refusal: { code: 'not-found' } }
}
