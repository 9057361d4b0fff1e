import { createRequire } from 'node:module'

/** A queue of one connection's requests, as kafkajs makes it. */
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const load = createRequire(import.meta.url)
const { prototype }: { readonly prototype: RequestQueue } = load('kafkajs/src/network/requestQueue')
const schedule = prototype.scheduleCheckPendingRequests

/**
 * kafkajs looks a thousand times a second, on every connection, whether a throttled request may be
 * sent, though none waits; and the negative delay that it asks for makes Node warn. Whatever is put
 * into the queue schedules the next look itself.
 */
prototype.scheduleCheckPendingRequests = function scheduleCheck(this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this)
}
