import type { Io } from '#clients/cli/command.ts'
import type { RecalledAlerts, RecallNotice } from '#clients/sdk/recalled-alerts.ts'
import type { Release } from '#clients/sdk/verify-release.ts'
import type { AlertName } from '#core/alert.ts'

/** Says of each recalled alert once in a run that it is, before anything else is shown. */
export class ShownRecalls {
  private readonly recalled: RecalledAlerts
  private readonly io: Io
  private readonly isJson: boolean
  private readonly shown = new Set<string>()

  constructor(
    recalled: RecalledAlerts,
    { io, isJson }: { readonly io: Io; readonly isJson: boolean },
  ) {
    this.recalled = recalled
    this.io = io
    this.isJson = isJson
  }

  /** Gives how many faults that makes: 1 for a notice that no signed recall proves. */
  async notice(notice: RecallNotice): Promise<number> {
    if (this.shown.has(nameOf(notice))) return 0
    const state = await this.recalled.takeNotice(notice)
    this.say(notice, notice.recalledBy)
    if (state === 'recalled') return 0
    this.io.say('  by the hub’s word alone: no signed recall proves it\n')
    return 1
  }

  async release(release: Release): Promise<void> {
    const recalled = await this.recalled.take(release)
    if (recalled !== null) this.say(recalled, recalled.recalledBy)
  }

  private say({ origin, id }: AlertName, by: string): void {
    const name = { origin, id }
    if (this.shown.has(nameOf(name))) return
    this.shown.add(nameOf(name))
    this.io.say(recalledText(name, by))
    if (this.isJson)
      this.io.out(`${JSON.stringify({ recalled: { origin, id, recalledBy: by } })}\n`)
  }
}

export const recalledText = ({ origin, id }: AlertName, by: string): string =>
  `RECALLED  ${origin}/${id}\n  by ${origin}/${by}: act on no copy of it\n`

const nameOf = ({ origin, id }: AlertName): string => `${origin}/${id}`
