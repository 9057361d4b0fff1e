import type { Release } from '#clients/sdk/verify-release.ts'
import { LIMITS } from '#core/limits.ts'

/**
 * Which alerts were given before, for a feed that is read again from the earliest. Remembers the
 * last `LIMITS.clientGivenMax`; one that was forgotten counts as new, so that nothing is lost.
 */
export class GivenAlerts {
  private readonly given = new Set<string>()

  /** Those that were not given before; they are from now on. A fault is always new. */
  take(releases: readonly Release[]): readonly Release[] {
    return releases.filter((release) => !release.ok || this.isNew(release.alert))
  }

  /** How many are remembered. */
  get size(): number {
    return this.given.size
  }

  private isNew({ origin, id }: { readonly origin: string; readonly id: string }): boolean {
    const name = `${origin}/${id}`
    if (this.given.has(name)) return false
    this.given.add(name)
    const [oldest] = this.given
    if (this.given.size > LIMITS.clientGivenMax && oldest !== undefined) this.given.delete(oldest)
    return true
  }
}
