import { CLASSIFICATIONS } from '#core/classification.ts'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'
import { sealKeysRunOutMs } from '#core/seal-key.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'

const SERIES = REALMS.flatMap((realm) =>
  CLASSIFICATIONS.map((classification) => ({ realm, classification })),
)
const DAY_MS = 86_400_000

/** How long the first realm and level to run out still has a key to seal under. */
export const sealKeysLeftMs = ({ seal, clock }: Pick<GatewayDeps, 'seal' | 'clock'>): number => {
  const nowMs = clock.nowMs()
  return sealKeysRunOutMs(seal, SERIES, nowMs) - nowMs
}

/** Why somebody should make keys now: past the last month nothing of a level can be published. */
export const sealKeysTrouble = (deps: Pick<GatewayDeps, 'seal' | 'clock'>): string | null => {
  const leftMs = sealKeysLeftMs(deps)
  return leftMs > LIMITS.sealKeysWarnMs ? null : `run out in ${Math.floor(leftMs / DAY_MS)} days`
}
