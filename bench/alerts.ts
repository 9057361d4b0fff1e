import { randomBytes } from '#adapters/crypto/random.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { Alert, AlertName } from '#core/alert.ts'
import { encodeAlert } from '#core/alert-codec.ts'
import { ALERT_PAYLOAD_TYPE, signEnvelope } from '#core/envelope.ts'
import type { Label } from '#core/label.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { Precedence } from '#core/precedence.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import type { TemporaryHome } from '#tests/temporary-home.ts'

/** An alert that is signed before the clock starts. */
export interface SignedAlert extends AlertName {
  readonly publisher: PrincipalId
  readonly bytes: Uint8Array
}

/** What most alerts of the form have: one text, one place, one case. */
export const ALERT_BYTES = 1_300

const agency = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new RangeError(text)
  return text
}

export const NACTA_ID = agency('nacta')

export const ORIGINS: readonly AgencyId[] = [
  'ctd-kp',
  'ctd-punjab',
  'ctd-sindh',
  'ctd-balochistan',
  'ctd-ict',
].map(agency)

export const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

export const publisherOf = (origin: AgencyId): PrincipalId => principal(`${origin}/feed-system`)

/** Who may read every alert that is made here. */
export const COORDINATOR = principal('nacta/coordinator')

/** Whom alerts go to; their origin's home comes to these jurisdictions. */
const ADDRESSES: readonly Omit<Label, 'classification'>[] = [
  { jurisdictions: ['PK'], releasableTo: null, caveats: [] },
  { jurisdictions: ['PK', 'PK-KP'], releasableTo: null, caveats: [] },
  { jurisdictions: ['PK-PB', 'PK-SD'], releasableTo: [NACTA_ID], caveats: [] },
  { jurisdictions: ['PK-BA'], releasableTo: null, caveats: ['NO_ONWARD'] },
  { jurisdictions: ['PK', 'PK-IS'], releasableTo: null, caveats: ['PROTECTED_PERSON'] },
]

/** 20 labels, all of which the national coordinator may read. */
const LABELS: readonly Label[] = (
  ['UNCLASSIFIED', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET'] as const
).flatMap((classification) => ADDRESSES.map((address) => ({ classification, ...address })))

/** Makes alerts that all differ, of `ORIGINS` in turn under `LABELS` in turn. */
export class AlertMaker {
  readonly #signers: ReadonlyMap<AgencyId, Signer>
  #made = 0

  constructor(home: TemporaryHome) {
    this.#signers = new Map(ORIGINS.map((origin) => [origin, home.alertSigner(origin)]))
  }

  async make(count: number, precedence?: Precedence): Promise<readonly SignedAlert[]> {
    const made: SignedAlert[] = []
    while (made.length < count) {
      const some = Math.min(SIGNED_AT_ONCE, count - made.length)
      made.push(...(await Promise.all(Array.from({ length: some }, () => this.#one(precedence)))))
    }
    return made
  }

  async #one(precedence: Precedence = 'PRIORITY'): Promise<SignedAlert> {
    const number = this.#made++
    const origin = inTurn(ORIGINS, number)
    const label = inTurn(LABELS, Math.floor(number / ORIGINS.length))
    const signer = this.#signers.get(origin)
    if (signer === undefined) throw new RangeError(`${origin} has no key`)
    const alert = { ...alertOf(origin, label, number), precedence }
    const bytes = await signEnvelope(ALERT_PAYLOAD_TYPE, encodeAlert(alert), [signer])
    return { origin, id: alert.id, publisher: publisherOf(origin), bytes }
  }
}

const SIGNED_AT_ONCE = 256
/** What an alert comes to without its narrative. */
const BYTES_BESIDE = 308

const alertOf = (origin: AgencyId, label: Label, number: number): Alert => {
  const narrative = `Invented event ${number}. `.padEnd(ALERT_BYTES - BYTES_BESIDE, 'nothing. ')
  return sampleAlert({
    id: uuidFromRandom(randomBytes(16)),
    origin,
    label,
    texts: [{ language: 'en', headline: 'Invented for a measurement', narrative }],
  })
}

const inTurn = <T>(values: readonly T[], number: number): T => {
  const value = values[number % values.length]
  if (value === undefined) throw new RangeError('nothing to take in turn')
  return value
}
