/** Lets so many pieces of work go on at once; the others wait their turn, first come, first served. */
export class Turns {
  private free: number
  private readonly waiting: (() => void)[] = []

  constructor(atOnceMax: number) {
    this.free = atOnceMax
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Handed on rather than freed: else who comes now would overtake who waits.
      const next = this.waiting.shift()
      if (next === undefined) this.free += 1
      else next()
    }
  }
}
