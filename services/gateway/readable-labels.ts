import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { hex } from '#core/bytes.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedLabel } from '#core/ports/alert-index.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { decideRead } from '#services/gateway/release.ts'

/**
 * Which of the index's labels one caller may read. Policy decides on each once: its answer hangs on
 * the caller's standing and on origin and label alone, so it is kept for as long as that standing
 * and the policy are the same. A stream asks at each alert that comes in, and there are hundreds of labels.
 */
export class ReadableLabels {
  private readonly deps: GatewayDeps
  private readonly caller: AuthenticatedCaller
  private standing = ''
  private decided: readonly IndexedLabel[] = []
  private allowed: readonly number[] = []

  constructor(deps: GatewayDeps, caller: AuthenticatedCaller) {
    this.deps = deps
    this.caller = caller
  }

  /** Decides what is not decided yet, a few at a time: hundreds of new labels are tenths of a second
   * in which nobody else would be answered. */
  async prepare(): Promise<void> {
    while (this.decide(LIMITS.labelsDecidedAtOnce)) await this.deps.clock.sleep(0)
  }

  /** Their ids, by the directory as it is now: what came after `prepare` is decided here. */
  ids(): readonly number[] {
    this.decide(Number.POSITIVE_INFINITY)
    return this.allowed
  }

  /** Whether there are more to decide. */
  private decide(countMax: number): boolean {
    const { principal, realm } = this.caller
    const { directory, policy } = this.deps
    const standing = textOf(directory.state.standingOf(principal, realm), policy.digest)
    const labels = this.deps.index.labels(realm)
    if (standing !== this.standing || !isBeginning(this.decided, labels)) {
      this.decided = []
      this.allowed = []
    }
    const from = this.decided.length
    if (from < labels.length) {
      const allowed = labels
        .slice(from, from + countMax)
        .filter((one) => decideRead(this.deps, this.caller, one).allowed)
      this.allowed = [...this.allowed, ...allowed.map(({ id }) => id)]
    }
    this.standing = standing
    const isLast = from + countMax >= labels.length
    this.decided = isLast ? labels : labels.slice(0, from + countMax)
    return !isLast
  }
}

const textOf = (standing: PrincipalStanding | null, policyDigest: Uint8Array): string =>
  JSON.stringify([standing, hex(policyDigest)])

const isBeginning = (few: readonly IndexedLabel[], many: readonly IndexedLabel[]): boolean =>
  few === many || few.every(({ id }, at) => many[at]?.id === id)
