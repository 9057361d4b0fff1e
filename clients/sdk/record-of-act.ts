import type { AccessAction, AccessRecord, Purpose } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/** What the hub did for this client, as its record must tell it. */
export interface Act {
  readonly action: AccessAction
  readonly realm: Realm
  readonly agency: AgencyId
  /** Null: some principal of the agency. */
  readonly principal: PrincipalId | null
  readonly alert: AlertName & { readonly digest: Uint8Array }
  /** Undefined: whatever purpose, when another one may have asked. */
  readonly purpose: Purpose | null | undefined
}

/** The field in which `record` does not tell of `act`; null when it does. */
export const differsFromAct = (record: AccessRecord, act: Act): string | null => {
  if (record.service !== 'GATEWAY') return 'service'
  if (record.realm !== act.realm) return 'realm'
  if (record.action !== act.action) return 'action'
  if (record.outcome !== 'ALLOWED') return 'outcome'
  // The two belong together in every record that can be read.
  if (record.agency !== act.agency) return 'agency'
  if (act.principal !== null && record.principal !== act.principal) return 'principal'
  if (!isSameAlert(record.alert, act.alert)) return 'alert'
  return isSamePurpose(record.purpose, act.purpose) ? null : 'purpose'
}

const isSameAlert = (recorded: AccessRecord['alert'], { origin, id, digest }: Act['alert']) =>
  recorded !== null &&
  recorded.origin === origin &&
  recorded.id === id &&
  recorded.digest !== null &&
  equalBytes(recorded.digest, digest)

const isSamePurpose = (recorded: Purpose | null, given: Purpose | null | undefined): boolean =>
  given === undefined ||
  (recorded?.code === given?.code && recorded?.caseReference === given?.caseReference)
