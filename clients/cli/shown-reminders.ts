import type { Io } from '#clients/cli/command.ts'
import type { Reminder } from '#clients/sdk/reminder.ts'
import { LIMITS } from '#core/limits.ts'

/** Reminds of each alert once in a run, or again after very many others. */
export class ShownReminders {
  private readonly io: Io
  private readonly isJson: boolean
  private readonly shown = new Set<string>()

  constructor({ io, isJson }: { readonly io: Io; readonly isJson: boolean }) {
    this.io = io
    this.isJson = isJson
  }

  show({ origin, id, precedence, dueAtMs }: Reminder): void {
    const name = `${origin}/${id}`
    if (this.shown.has(name)) return
    this.shown.add(name)
    const [oldest] = this.shown
    if (this.shown.size > LIMITS.clientRemindersMax && oldest !== undefined) {
      this.shown.delete(oldest)
    }
    const due = new Date(dueAtMs).toISOString()
    this.io.say(`NOT ACKNOWLEDGED  ${precedence} ${name}\n`)
    this.io.say(`  by anyone of your agency, due ${due}: rabta alert ack ${name}\n`)
    if (!this.isJson) return
    this.io.out(`${JSON.stringify({ reminder: { origin, id, precedence, dueAtMs } })}\n`)
  }
}
