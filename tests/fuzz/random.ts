/** Chances that can be played again: the same seed gives the same ones. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** Of one input among many: so that it can be made again without all those before it. */
  static of(seed: number, name: string, index: number): Random {
    let state = seed ^ Math.imul(index, 0x9e3779b1)
    for (let at = 0; at < name.length; at += 1) {
      state = Math.imul(state ^ name.charCodeAt(at), 0x01000193)
    }
    return new Random(state)
  }

  /** 0 up to 2^32 − 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = this.state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** 0 up to, without, `count`. */
  below(count: number): number {
    return Math.floor((this.next() / 2 ** 32) * count)
  }

  chance(share: number): boolean {
    return this.next() / 2 ** 32 < share
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)]
    if (one === undefined) throw new RangeError('nothing to pick from')
    return one
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 0xff)
  }
}
