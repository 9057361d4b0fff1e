import type { AgencyId } from '#core/agency.ts'
import { type Agency, isSuspended, type PrincipalStanding } from '#core/directory/state.ts'
import type { Label } from '#core/label.ts'
import type { DenialReason } from '#core/ports/policy.ts'
import type { Realm } from '#core/realm.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { draftOf, type Reader } from '#services/gateway/release.ts'

/** Whom a label would reach if the asker's agency published under it now. By agency, sorted. */
export interface Preview {
  readonly reached: readonly AgencyId[]
  readonly notReached: readonly NotReached[]
}

export interface NotReached {
  readonly agency: AgencyId
  readonly reasons: readonly DenialReason[]
}

/**
 * An agency is reached when at least one of its active subscribers would be allowed to read. Names
 * agencies, never persons or numbers: no more than anyone can work out from the directory. The
 * answer goes by the directory as it is meanwhile; it binds no later decision.
 */
export const previewLabel = async (
  deps: GatewayDeps,
  reader: Reader,
  label: Label,
): Promise<Result<Preview>> => {
  const { realm, principal, agency: origin } = reader.caller
  const { directory, policy } = deps
  const standing = directory.state.standingOf(principal, realm) ?? reader.caller.standing
  const asked = { action: 'preview', realm, principal: standing } as const
  const decision = policy.decide({ ...asked, alert: { origin, label } })
  const reasons = decision.allowed ? [] : decision.reasons
  const outcome = decision.allowed ? 'ALLOWED' : 'DENIED'
  const draft = { ...draftOf(deps, reader), action: 'PREVIEW', alert: null } as const
  await deps.accessLog.append([{ ...draft, outcome, reasons }])
  if (!decision.allowed) return { ok: false, refusal: { code: 'not-permitted', reasons } }
  if (label.releasableTo?.some((agency) => !directory.state.agencies.has(agency))) {
    return refuse('agency-unknown')
  }
  return accept(await reachOf(deps, { realm, origin, label }))
}

/** What `label` on an alert of `origin` comes to, by the directory as it is meanwhile. */
export const reachOf = async (deps: GatewayDeps, asked: Asked): Promise<Preview> => {
  const subscribers = subscribersByAgency(deps, asked.realm)
  const reached: AgencyId[] = []
  const notReached: NotReached[] = []
  for (const agency of [...deps.directory.state.agencies.values()].sort(byId)) {
    const reasons = reasonsOf(deps, asked, { agency, readers: subscribers.get(agency.id) })
    if (reasons === null) reached.push(agency.id)
    else notReached.push({ agency: agency.id, reasons })
    // One decision takes a fraction of a millisecond, all of them may take many: others wait.
    await deps.clock.sleep(0)
  }
  return { reached, notReached }
}

interface Asked {
  readonly realm: Realm
  readonly origin: AgencyId
  readonly label: Label
}

interface Readers {
  readonly agency: Agency
  readonly readers: readonly PrincipalStanding[] | undefined
}

const byId = (a: Agency, b: Agency): number => (a.id < b.id ? -1 : 1)

const subscribersByAgency = (
  { directory: { state } }: GatewayDeps,
  realm: Realm,
): ReadonlyMap<AgencyId, readonly PrincipalStanding[]> =>
  Map.groupBy(
    [...state.principals.keys()].flatMap((id) => {
      const standing = state.standingOf(id, realm)
      return standing?.active && standing.roles.includes('subscriber') ? [standing] : []
    }),
    ({ agency }) => agency,
  )

/**
 * Null when one of the readers would be allowed; else what keeps out the one who comes nearest, so
 * the least that would have to be otherwise: fewest reasons, then the first in order.
 */
const reasonsOf = (
  { policy }: GatewayDeps,
  { realm, origin, label }: Asked,
  { agency, readers }: Readers,
): readonly DenialReason[] | null => {
  if (readers === undefined) return [isSuspended(agency) ? 'suspended' : 'role-missing']
  let nearest: readonly DenialReason[] | null = null
  for (const principal of readers) {
    const alert = { origin, label }
    const decision = policy.decide({ action: 'read', realm, principal, alert })
    if (decision.allowed) return null
    if (nearest === null || isNearer(decision.reasons, nearest)) nearest = decision.reasons
  }
  return nearest
}

const isNearer = (a: readonly DenialReason[], b: readonly DenialReason[]): boolean =>
  a.length === b.length ? a.join() < b.join() : a.length < b.length
