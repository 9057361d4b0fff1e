import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { IndexedLabel } from '#core/ports/alert-index.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { decideRead } from '#services/gateway/release.ts'

/**
 * Which of the index's labels one caller may read. Policy decides on each once: its answer hangs on
 * the caller's standing and on origin and label alone, so it is kept for as long as that standing
 * is the same. A stream asks at each alert that comes in, and there are hundreds of labels.
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

  /** Their ids, by the directory as it is now. */
  ids(): readonly number[] {
    const { principal, realm } = this.caller
    const standing = textOf(this.deps.directory.state.standingOf(principal, realm))
    const labels = this.deps.index.labels(realm)
    if (standing !== this.standing || !isBeginning(this.decided, labels)) {
      this.decided = []
      this.allowed = []
    }
    if (this.decided.length < labels.length) {
      const allowed = labels
        .slice(this.decided.length)
        .filter((one) => decideRead(this.deps, this.caller, one).allowed)
      this.allowed = [...this.allowed, ...allowed.map(({ id }) => id)]
    }
    this.standing = standing
    this.decided = labels
    return this.allowed
  }
}

const textOf = (standing: PrincipalStanding | null): string => JSON.stringify(standing)

const isBeginning = (few: readonly IndexedLabel[], many: readonly IndexedLabel[]): boolean =>
  few === many || few.every(({ id }, at) => many[at]?.id === id)
