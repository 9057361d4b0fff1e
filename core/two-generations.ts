/**
 * A bounded memory that forgets its older half at once, which costs nothing for each entry. An
 * entry that is set again counts again.
 */
export class TwoGenerations<Value> {
  private readonly generationMax: number
  private young = new Map<string, Value>()
  private old = new Map<string, Value>()
  private youngWeight = 0

  /** `weightMax` bounds what all entries weigh together. */
  constructor(weightMax: number) {
    this.generationMax = Math.ceil(weightMax / 2)
  }

  get(key: string): Value | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  set(key: string, value: Value, weight = 1): void {
    if (weight > this.generationMax) return
    if (this.youngWeight + weight > this.generationMax) {
      this.old = this.young
      this.young = new Map()
      this.youngWeight = 0
    }
    this.young.set(key, value)
    this.youngWeight += weight
  }
}
