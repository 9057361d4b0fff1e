import { countShape, digestShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { URGENT, type Urgent } from '#core/precedence.ts'
import { isUuid } from '#core/uuid.ts'

/** The hub's word that an alert is due and that nobody of this reader's agency acknowledged it. */
export interface Reminder extends AlertName {
  readonly digest: Uint8Array
  readonly precedence: Urgent
  /** By when it should have been, by the hub's clock. */
  readonly dueAtMs: number
}

const isUrgentName = (text: string): text is Urgent =>
  URGENT.some((precedence) => precedence === text)

/** As pages and streams give it. */
export const reminderShape = objectOf({
  origin: namedShape<AgencyId>(isAgencyId),
  id: namedShape(isUuid),
  digest: digestShape,
  precedence: namedShape<Urgent>(isUrgentName),
  dueAtMs: countShape,
})
