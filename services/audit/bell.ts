/** Wakes whoever waits now. Whoever waits looks first whether there is still something to wait for. */
export class Bell {
  private next = Promise.withResolvers<void>()

  ring(): void {
    this.next.resolve()
    this.next = Promise.withResolvers<void>()
  }

  heard(): Promise<void> {
    return this.next.promise
  }
}
