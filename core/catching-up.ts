import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'

/** Of all topics of a view, in entries. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** What is built from topics, at a start or after it was deleted. */
export interface CatchingUp {
  caughtUp(): Promise<void>
  progress(): Promise<Progress>
}

export const sumOf = (all: readonly Progress[]): Progress => ({
  done: all.reduce((sum, one) => sum + one.done, 0),
  total: all.reduce((sum, one) => sum + one.total, 0),
})

/** Null when no more is missing than comes in while nobody looks. */
export const catchingUpText = ({ done, total }: Progress): string | null =>
  total - done <= LIMITS.catchingUpEntriesMin ? null : `catching up: ${done} of ${total}`

/** Resolves as `caughtUp` does; says now and then how far it has come, when that takes long. */
export const caughtUpAloud = async (
  views: CatchingUp,
  clock: Clock,
  say: (text: string) => void,
): Promise<void> => {
  const over = new AbortController()
  const telling = tell(views, { clock, say, signal: over.signal })
  try {
    await views.caughtUp()
  } finally {
    over.abort()
    await telling
  }
}

const tell = async (
  views: CatchingUp,
  by: { readonly clock: Clock; readonly say: (text: string) => void; readonly signal: AbortSignal },
): Promise<void> => {
  const { clock, say, signal } = by
  for (;;) {
    await clock.sleep(LIMITS.catchingUpSayMs, signal)
    if (signal.aborted) return
    // A log that cannot be asked now is no reason to stop: whoever waits for it says so.
    const text = await views.progress().then(catchingUpText, () => null)
    if (text !== null) say(text)
  }
}
