import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import type { IntakeRow } from '#core/ports/intake-store.ts'
import type { RecordRow } from '#core/ports/record-index.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { uuidFromBytes } from '#core/uuid.ts'

export const agency = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new TypeError(`${text} is no agency`)
  return text
}

export const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new TypeError(`${text} is no principal`)
  return text
}

export const alertName = (number: number, origin = 'ctd-kp'): AlertName => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(12, number)
  return { origin: agency(origin), id: uuidFromBytes(bytes) }
}

/** A row that can be told from its offset. */
export const numberedIntakeRow = (offset: number): IntakeRow => ({
  ...alertName(offset),
  realm: 'live',
  offset,
  digest: new Uint8Array(32).fill(offset),
  publishRecordIndex: offset * 2,
  acceptedAtMs: 1_760_000_000_000 + offset,
  fate: null,
})

export const numberedRecordRow = (index: number): RecordRow => ({
  index,
  record: {
    timeMs: 1_760_000_000_000 + index,
    realm: 'live',
    principal: principal(`ctd-punjab/officer-${index % 90}`),
    agency: agency('ctd-punjab'),
    action: 'READ',
    outcome: 'ALLOWED',
    alert: alertName(index >> 4),
  },
})
