import { HubRefusal } from '#clients/sdk/errors.ts'
import { readAlert } from '#clients/sdk/read.ts'
import type { Session } from '#clients/sdk/session.ts'
import { countShape, digestShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import type { Release } from '#clients/sdk/verify-release.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { Alert, AlertName } from '#core/alert.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { isUuid, type Uuid } from '#core/uuid.ts'

/** The hub's word that an alert was recalled by another of its origin. */
export interface RecallNotice extends AlertName {
  /** Of the alert that was recalled. */
  readonly digest: Uint8Array
  readonly recalledBy: Uuid
  /** When the hub took the recall, by its clock. */
  readonly acceptedAtMs: number
}

/** An alert that its origin has recalled, by that origin's signature. */
export interface RecalledAlert extends AlertName {
  readonly digest: Uint8Array
  readonly recalledBy: Uuid
}

/** Where the marks are kept from one run to the next: a line each, `markOf`. */
export interface RecallMemory {
  load(): Promise<readonly string[]>
  save(marks: readonly string[]): Promise<void>
}

/**
 * Which of the alerts that a reader was given have been recalled since. Believes signatures alone: a
 * notice is looked into by reading the recall, so that a hub cannot make a true alert void. Keeps
 * the last `LIMITS.clientRecallsMax`.
 */
export class RecalledAlerts {
  private readonly session: Session
  private readonly memory: RecallMemory
  private marks: Map<string, Uuid> | null = null

  constructor(session: Session, memory: RecallMemory) {
    this.session = session
    this.memory = memory
  }

  /** To be called with each alert that comes: a verified recall marks what it recalls. */
  async take(release: Release): Promise<RecalledAlert | null> {
    const recalled = release.ok ? recalledIn(release.alert) : null
    if (recalled !== null) await this.mark(recalled)
    return recalled
  }

  /**
   * Reads the recall that a notice is about, and marks the alert. `unproven`: it does not verify, or
   * recalls something else, or the
   * hub has none to show (any more). Rejects as `readAlert` does otherwise.
   */
  async takeNotice(notice: RecallNotice): Promise<'recalled' | 'unproven'> {
    if ((await this.recallOf(notice)) === notice.recalledBy) return 'recalled'
    const { origin, recalledBy } = notice
    const release = await this.read({ origin, id: recalledBy })
    const recalled = release?.ok ? recalledIn(release.alert) : null
    if (recalled === null || recalled.id !== notice.id) return 'unproven'
    if (!equalBytes(recalled.digest, notice.digest)) return 'unproven'
    await this.mark(recalled)
    return 'recalled'
  }

  private async read(recall: AlertName): Promise<Release | null> {
    try {
      return await readAlert(this.session, recall)
    } catch (error) {
      if (error instanceof HubRefusal && [404, 410].includes(error.status)) return null
      throw error
    }
  }

  /** The id of what recalled these bytes; null when nothing is known to have. */
  async recallOf(alert: AlertName & { readonly digest: Uint8Array }): Promise<Uuid | null> {
    return (await this.known()).get(keyOf(alert)) ?? null
  }

  /** As `recallOf`, of whatever bytes are known under the name: for those who do not have them. */
  async recallOfName({ origin, id }: AlertName): Promise<Uuid | null> {
    const known = await this.known()
    const key = [...known.keys()].find((one) => one.startsWith(`${origin}/${id} `))
    return key === undefined ? null : (known.get(key) ?? null)
  }

  private async mark(recalled: RecalledAlert): Promise<void> {
    const known = await this.known()
    const key = keyOf(recalled)
    if (known.get(key) === recalled.recalledBy) return
    known.set(key, recalled.recalledBy)
    const [oldest] = known.keys()
    if (known.size > LIMITS.clientRecallsMax && oldest !== undefined) known.delete(oldest)
    await this.memory.save([...known].map(([alert, by]) => `${alert} ${by}`))
  }

  private async known(): Promise<Map<string, Uuid>> {
    if (this.marks !== null) return this.marks
    const loaded = (await this.memory.load()).flatMap((line) => {
      const [name, digest, by = ''] = line.split(' ')
      return isUuid(by) ? [[`${name} ${digest}`, by] as const] : []
    })
    this.marks ??= new Map(loaded)
    return this.marks
  }
}

/** What a recall recalls: core lets none be read that is not of its own origin. */
const recalledIn = ({ kind, references, id }: Alert): RecalledAlert | null => {
  const found = references.find(({ relation }) => relation === 'RECALLS')
  if (kind !== 'RECALL' || found === undefined) return null
  return { origin: found.origin, id: found.id, digest: found.digest, recalledBy: id }
}

const keyOf = ({ origin, id, digest }: AlertName & { readonly digest: Uint8Array }): string =>
  `${origin}/${id} ${hex(digest)}`

/** As pages and streams give it. */
export const noticeShape = objectOf({
  origin: namedShape<AgencyId>(isAgencyId),
  id: namedShape(isUuid),
  digest: digestShape,
  recalledBy: namedShape(isUuid),
  acceptedAtMs: countShape,
})
