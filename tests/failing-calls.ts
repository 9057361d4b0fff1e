import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'

/**
 * Makes calls to ports fail by their number, counted over all ports that are wrapped. A fault comes
 * in two kinds: what was asked did not happen, or it happened and its caller hears that it failed.
 */
export interface PlannedFault {
  /** The first call is 1. */
  readonly call: number
  readonly kind: 'did-not-happen' | 'happened'
  /** Whether the process dies there: then nothing that it calls later happens either. */
  readonly crash: boolean
}

export class FailingCalls {
  private readonly fault: PlannedFault | null
  private made = 0

  constructor(fault: PlannedFault | null) {
    this.fault = fault
  }

  /** How many calls there were. */
  get count(): number {
    return this.made
  }

  /** Whether the process has died. */
  get hasCrashed(): boolean {
    return this.fault?.crash === true && this.made >= this.fault.call
  }

  async call<T>(act: () => Promise<T>): Promise<T> {
    this.made += 1
    const { fault } = this
    if (fault?.crash && this.made > fault.call) throw new LogUnavailable('crashed')
    if (fault === null || this.made !== fault.call) return act()
    if (fault.kind === 'did-not-happen') throw new LogUnavailable('planned')
    await act()
    throw new OutcomeUnknown('planned')
  }
}
