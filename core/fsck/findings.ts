import { LIMITS } from '#core/limits.ts'

/** What was found so far, and how far it is. */
export class FsckFindings {
  private readonly found: string[] = []
  private unnamed = 0
  private done = 0
  private total = 0
  private readonly onProgress: (done: number, total: number) => void

  constructor(onProgress: (done: number, total: number) => void) {
    this.onProgress = onProgress
  }

  problem(text: string): void {
    if (this.found.length < LIMITS.fsckProblemsMax) this.found.push(text)
    else this.unnamed += 1
  }

  problems(): readonly string[] {
    const more = this.unnamed === 0 ? [] : [`and ${this.unnamed} more problems, not listed`]
    return [...this.found, ...more]
  }

  expect(entries: number): void {
    this.total += entries
  }

  advance(entries: number): void {
    this.done += entries
    this.onProgress(this.done, this.total)
  }
}
