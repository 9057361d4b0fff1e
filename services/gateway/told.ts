import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedRecall } from '#core/ports/alert-index.ts'

/**
 * Which principals this process has on record as told of which recalls: each notice goes again and
 * again, its record is made once. Forgetting costs another record and nothing else, so it may be
 * bounded, and lost with the process.
 */
export class ToldRecalls {
  private readonly told = new Set<string>()

  has(caller: AuthenticatedCaller, recall: IndexedRecall): boolean {
    return this.told.has(keyOf(caller, recall))
  }

  /** Only once the record is durable. */
  add(caller: AuthenticatedCaller, recall: IndexedRecall): void {
    this.told.add(keyOf(caller, recall))
    const [oldest] = this.told
    if (this.told.size > LIMITS.recallsToldMax && oldest !== undefined) this.told.delete(oldest)
  }
}

const keyOf = ({ principal, realm }: AuthenticatedCaller, { origin, id }: IndexedRecall): string =>
  `${principal} ${realm} ${origin} ${id}`
