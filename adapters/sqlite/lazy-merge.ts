/**
 * Merges sources whose items come in an order of their own: always gives the source's next item of
 * lowest rank, never changes the order within a source, and reads one item ahead in each.
 */
export class LazyMerge<Item> {
  readonly #rank: (item: Item) => number
  readonly #sources: Source<Item>[] = []

  constructor(rank: (item: Item) => number) {
    this.#rank = rank
  }

  /** Among equal ranks the source that was added first goes first. */
  add(name: string, items: Iterator<Item>): void {
    const source: Source<Item> = { name, items, head: null }
    this.#sources.push(source)
    this.#advance(source)
  }

  /** Null at the end of all sources. */
  take(): Item | null {
    let first: Source<Item> | null = null
    for (const source of this.#sources) {
      if (source.head === null) continue
      if (first?.head == null || source.head.rank < first.head.rank) first = source
    }
    if (first?.head == null) return null
    const { item } = first.head
    this.#advance(first)
    return item
  }

  /** By source, what it gives next: nothing of those at their end. */
  heads(): ReadonlyMap<string, Item> {
    const heads = new Map<string, Item>()
    for (const { name, head } of this.#sources) if (head !== null) heads.set(name, head.item)
    return heads
  }

  /** Ends the sources. A statement left half-way would hold back the database's checkpoints. */
  close(): void {
    for (const { items } of this.#sources) items.return?.()
  }

  #advance(source: Source<Item>): void {
    const { done, value } = source.items.next()
    source.head = done ? null : { item: value, rank: this.#rank(value) }
  }
}

interface Source<Item> {
  readonly name: string
  readonly items: Iterator<Item>
  head: { readonly item: Item; readonly rank: number } | null
}
