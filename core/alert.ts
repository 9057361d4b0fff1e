import type { AgencyId } from '#core/agency.ts'
import type { IndicatorType } from '#core/indicator.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'
import type { Kind } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import type { Precedence } from '#core/precedence.ts'
import type { Realm } from '#core/realm.ts'
import type { Uuid } from '#core/uuid.ts'

/** An alert is (origin, id); these two name it everywhere. */
export interface AlertName {
  readonly origin: AgencyId
  readonly id: Uuid
}

/** What an agency signs, as meant: made only by `alertFrom` (core/alert-meaning.ts). */
export interface Alert extends AlertName {
  readonly realm: Realm
  readonly kind: Kind
  readonly precedence: Precedence
  readonly label: Label
  readonly evaluation: Evaluation
  readonly sentAtMs: number
  readonly occurred: Period | null
  readonly expiresAtMs: number | null
  readonly texts: readonly Text[]
  readonly areas: readonly Area[]
  readonly indicators: readonly Indicator[]
  readonly references: readonly Reference[]
  readonly caseReferences: readonly CaseReference[]
  readonly legalBasis: LegalBasis | null
}

/** The Admiralty system: reliability of the source, credibility of the information. */
export interface Evaluation {
  readonly reliability: 'A' | 'B' | 'C' | 'D' | 'E' | 'F'
  /** 1 to 6. */
  readonly credibility: number
}

export interface Period {
  readonly fromMs: number
  readonly toMs: number
}

export interface Text {
  /** BCP 47, e.g. `en`, `ur`, `ps`. */
  readonly language: string
  readonly headline: string
  readonly narrative: string
}

export interface Area {
  readonly jurisdiction: Jurisdiction
  readonly district: string | null
  /** WGS 84, degrees. */
  readonly point: { readonly latitude: number; readonly longitude: number } | null
  readonly radiusMetres: number | null
}

export interface Indicator {
  readonly type: IndicatorType
  readonly value: string
}

export interface Reference extends AlertName {
  readonly relation: 'SUPERSEDES' | 'RECALLS' | 'RESPONDS_TO' | 'RELATED'
  readonly digest: Uint8Array
}

export interface CaseReference {
  readonly scheme: 'FIR' | 'CMMS' | 'INTERPOL' | 'FMU' | 'OTHER'
  readonly value: string
}

export interface LegalBasis {
  readonly provision: string
  readonly expiresAtMs: number | null
}
