import type { Io } from '#clients/cli/command.ts'

const BAR_WIDTH = 30
const TERMINAL_MS = 100
const PLAIN_MS = 5_000

/**
 * How far long work has come: a bar with rate and time to go on a terminal, a plain line every few
 * seconds elsewhere. Writes to standard error only.
 */
export class Progress {
  private readonly io: Io
  private readonly what: string
  private readonly startedAtMs = performance.now()
  private shownAtMs = Number.NEGATIVE_INFINITY
  private done = 0
  private total = 0

  constructor(io: Io, what: string) {
    this.io = io
    this.what = what
  }

  /** `total` 0: unknown. */
  set(done: number, total: number): void {
    this.done = done
    this.total = total
    const nowMs = performance.now()
    if (nowMs - this.shownAtMs < (this.io.isTerminal ? TERMINAL_MS : PLAIN_MS)) return
    this.shownAtMs = nowMs
    this.show()
  }

  /** Shows where it ended, and leaves the line. */
  end(): void {
    this.show()
    if (this.io.isTerminal) this.io.say('\n')
  }

  private show(): void {
    const seconds = (performance.now() - this.startedAtMs) / 1_000
    const rate = seconds > 0 ? this.done / seconds : 0
    const text = progressLine({ what: this.what, done: this.done, total: this.total, rate })
    this.io.say(this.io.isTerminal ? `\r${text}\u001b[K` : `${text}\n`)
  }
}

/** `rate`: a second. */
export const progressLine = (at: {
  readonly what: string
  readonly done: number
  readonly total: number
  readonly rate: number
}): string => {
  const { what, done, total, rate } = at
  const speed = `${Math.round(rate)}/s`
  if (total === 0) return `${what}  ${done}  ${speed}`
  const part = Math.min(1, done / total)
  const bar = '█'.repeat(Math.round(part * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
  const left = rate > 0 ? `  ${clock((total - done) / rate)} to go` : ''
  return `${what}  ${bar} ${Math.floor(part * 100)} %  ${done}/${total}  ${speed}${left}`
}

const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
