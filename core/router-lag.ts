import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { Realm } from '#core/realm.ts'

/**
 * How far the router is behind, told from what this gateway put into intake topics and has not yet
 * seen come out of it: nobody else need say so, in one process or in many. A router takes an intake
 * topic in its order, so what has come out vouches for all that went in before.
 *
 *   sent ──▶ on its way ──(came out, or was given up)──▶ forgotten
 *                │ longer than routerLagMsMax
 *                ▼
 *           the topic is late ──(one question each routerProbeMs)──▶ asked again
 */
export class RouterLag {
  /** By intake topic: since when each alert is on its way, the first first. */
  private readonly topics = new Map<string, Map<string, number>>()
  private readonly topicOf = new Map<string, string>()
  private readonly lastProbeMs = new Map<string, number>()

  /** The alert is about to be appended to `topic`. Times are of the monotonic clock. */
  sent(topic: string, realm: Realm, name: AlertName, nowMs: number): void {
    const key = keyOf(realm, name)
    // What is not counted hides nothing: those before it are on their way for longer.
    if (this.topicOf.size >= LIMITS.routerLagAlertsMax || this.topicOf.has(key)) return
    const waiting = this.topics.get(topic) ?? new Map<string, number>()
    this.topics.set(topic, waiting.set(key, nowMs))
    this.topicOf.set(key, topic)
  }

  /** The alert was seen behind the router: in an alert topic or as a dead letter. */
  cameOut(realm: Realm, name: AlertName): void {
    const key = keyOf(realm, name)
    const topic = this.topicOf.get(key)
    const waiting = topic === undefined ? undefined : this.topics.get(topic)
    for (const earlier of waiting?.keys() ?? []) {
      waiting?.delete(earlier)
      this.topicOf.delete(earlier)
      if (earlier === key) return
    }
  }

  /** The alert did not go in, or was not the first of its name: nothing of it may come out. */
  gaveUp(realm: Realm, name: AlertName): void {
    const key = keyOf(realm, name)
    const topic = this.topicOf.get(key)
    if (topic !== undefined) this.topics.get(topic)?.delete(key)
    this.topicOf.delete(key)
  }

  /**
   * Whether the router is late with `topic`, so that what can wait should. Says no once each
   * `routerProbeMs` even so: the one that passes asks the question again, should what is on its way
   * never come out.
   */
  isLate(topic: string, nowMs: number): boolean {
    const [first] = this.topics.get(topic)?.values() ?? []
    if (first === undefined || nowMs - first <= LIMITS.routerLagMsMax) return false
    const askedMs = Math.max(first, this.lastProbeMs.get(topic) ?? first)
    if (nowMs - askedMs < LIMITS.routerProbeMs) return true
    this.lastProbeMs.set(topic, nowMs)
    return false
  }
}

const keyOf = (realm: Realm, { origin, id }: AlertName): string => `${realm} ${origin} ${id}`
