import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import type { AlertName } from '#core/alert.ts'

/**
 * Which principals this process has on record as told of which alerts, by one kind of notice: that
 * goes again and again, its record is made once. Forgetting costs another record and nothing else, so it may be
 * bounded, and lost with the process.
 */
export class Told {
  private readonly countMax: number
  private readonly told = new Set<string>()

  constructor(countMax: number) {
    this.countMax = countMax
  }

  has(caller: AuthenticatedCaller, alert: AlertName): boolean {
    return this.told.has(keyOf(caller, alert))
  }

  /** Only once the record is durable. */
  add(caller: AuthenticatedCaller, alert: AlertName): void {
    this.told.add(keyOf(caller, alert))
    const [oldest] = this.told
    if (this.told.size > this.countMax && oldest !== undefined) this.told.delete(oldest)
  }
}

const keyOf = ({ principal, realm }: AuthenticatedCaller, { origin, id }: AlertName): string =>
  `${principal} ${realm} ${origin} ${id}`
