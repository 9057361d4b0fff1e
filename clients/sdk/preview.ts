import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import type { Session } from '#clients/sdk/session.ts'
import { listOf, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { utf8 } from '#core/bytes.ts'
import type { Label } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import { DENIAL_REASONS, type DenialReason, isDenialReason } from '#core/ports/policy.ts'

/** Whom a label would reach, by the hub's word. Sorted by agency. */
export interface LabelPreview {
  /** At least one active subscriber of these could read it. */
  readonly reached: readonly AgencyId[]
  /** What keeps out that subscriber of the agency who comes nearest. */
  readonly notReached: readonly {
    readonly agency: AgencyId
    readonly reasons: readonly DenialReason[]
  }[]
}

/**
 * Whom an alert of one's own agency would reach under `label`, if it were published now. Nothing is
 * published. Rejects as `Connection` does: `HubRefusal` `not-permitted`, `label-invalid`,
 * `agency-unknown`.
 */
export const previewLabel = async (
  session: Session,
  label: Label,
  options: CallOptions = {},
): Promise<LabelPreview> => {
  const { classification, jurisdictions, releasableTo, caveats } = label
  const body = { label: { classification, jurisdictions, releasableTo, caveats } }
  const answer = await session.connection.postRepeatably(
    { ...options, server: 'gateway', path: '/v1/label/preview', accept: 'application/json' },
    { type: 'application/json', bytes: utf8(JSON.stringify(body)) },
  )
  return jsonFrom(answer, previewShape)
}

const agency = namedShape(isAgencyId)

const previewShape = objectOf({
  reached: listOf(agency, LIMITS.clientAgenciesMax),
  notReached: listOf(
    objectOf({ agency, reasons: listOf(namedShape(isDenialReason), DENIAL_REASONS.length) }),
    LIMITS.clientAgenciesMax,
  ),
})
