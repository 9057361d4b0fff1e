import { isAgencyId } from '#core/agency.ts'
import { decodeSingleObject, encodeSingleObject } from '#core/avro/single-object.ts'
import type { ValueOf } from '#core/avro/value-of.ts'
import { directoryEntryCodec, directoryEntryCodecs } from '#core/codecs.ts'
import type { Ceiling, DirectoryChange, DirectoryEntry } from '#core/directory/entry.ts'
import { isJurisdiction, type Jurisdiction } from '#core/jurisdiction.ts'
import { isKeyId } from '#core/key.ts'
import { isPrincipalId } from '#core/principal.ts'
import type { directoryEntrySchema } from '#core/schemas.ts'
import { isTimeMs } from '#core/time.ts'

type WrittenChange = ValueOf<typeof directoryEntrySchema>['change']

export const encodeDirectoryEntry = (entry: DirectoryEntry): Uint8Array => {
  const { type, ...value } = entry.change
  // The domain's changes are the schema's records with narrower texts.
  const change = { type: `rabta.v1.${type}`, value } as WrittenChange
  return encodeSingleObject(directoryEntryCodec, { ...entry, change })
}

/** Null when the payload is no directory entry. Whether it is authorised, authority.ts says. */
export const decodeDirectoryEntry = (payload: Uint8Array): DirectoryEntry | null => {
  const read = decodeSingleObject(directoryEntryCodecs, payload)
  if (!read.ok || read.value.sequence < 0 || !isTimeMs(read.value.enteredAtMs)) return null
  const change = changeFrom(read.value.change)
  return change && { ...read.value, change }
}

const changeFrom = (written: WrittenChange): DirectoryChange | null => {
  switch (written.type) {
    case 'rabta.v1.Genesis':
      return { type: 'Genesis', ...written.value }
    case 'rabta.v1.AgencyAdded':
      return agencyAddedFrom(written.value)
    case 'rabta.v1.AgencyStanding':
    case 'rabta.v1.PrincipalSet':
    case 'rabta.v1.NationalAuditorSet':
      return ofAgencyFrom(written)
    case 'rabta.v1.AdministratorsReplaced':
      return replacedFrom(written.value)
    case 'rabta.v1.RootKeysChanged': {
      const { removed } = written.value
      return removed.every(isKeyId) ? { type: 'RootKeysChanged', ...written.value, removed } : null
    }
    case 'rabta.v1.KeyAdded':
      return keyAddedFrom(written.value)
    case 'rabta.v1.KeyRevoked': {
      const { keyId, compromisedSinceMs } = written.value
      if (!isKeyId(keyId) || !isTimeMs(compromisedSinceMs ?? 0)) return null
      return { type: 'KeyRevoked', keyId, compromisedSinceMs }
    }
    case 'rabta.v1.PolicyActivated':
      return { type: 'PolicyActivated', ...written.value }
    case 'rabta.v1.LogNamed':
      return { type: 'LogNamed', ...written.value }
  }
}

type Written<N extends WrittenChange['type']> = Extract<WrittenChange, { type: N }>['value']

const agencyAddedFrom = (value: Written<'rabta.v1.AgencyAdded'>): DirectoryChange | null => {
  const { agency, home, administrator } = value
  const ceiling = ceilingFrom(value.ceiling)
  if (!isAgencyId(agency) || !isJurisdiction(home) || ceiling === null) return null
  if (!isPrincipalId(administrator) || !isTimeMs(value.validToMs)) return null
  return { type: 'AgencyAdded', ...value, agency, home, administrator, ceiling }
}

const replacedFrom = (
  value: Written<'rabta.v1.AdministratorsReplaced'>,
): DirectoryChange | null => {
  const { agency, administrator } = value
  if (!isAgencyId(agency) || !isPrincipalId(administrator) || !isTimeMs(value.validToMs)) {
    return null
  }
  return { type: 'AdministratorsReplaced', ...value, agency, administrator }
}

const ceilingFrom = (value: Written<'rabta.v1.AgencyAdded'>['ceiling']): Ceiling | null => {
  const jurisdictions = jurisdictionsFrom(value.jurisdictions)
  return jurisdictions && { classification: value.classification, jurisdictions }
}

type OfAgency = Extract<
  WrittenChange,
  { type: 'rabta.v1.AgencyStanding' | 'rabta.v1.PrincipalSet' | 'rabta.v1.NationalAuditorSet' }
>

const ofAgencyFrom = (written: OfAgency): DirectoryChange | null => {
  const { agency } = written.value
  if (!isAgencyId(agency)) return null
  if (written.type === 'rabta.v1.AgencyStanding') {
    return { type: 'AgencyStanding', ...written.value, agency }
  }
  const { principal } = written.value
  if (!isPrincipalId(principal)) return null
  if (written.type === 'rabta.v1.NationalAuditorSet') {
    return { type: 'NationalAuditorSet', ...written.value, agency, principal }
  }
  const jurisdictions = jurisdictionsFrom(written.value.jurisdictions)
  return (
    jurisdictions && { type: 'PrincipalSet', ...written.value, agency, principal, jurisdictions }
  )
}

const keyAddedFrom = (value: Written<'rabta.v1.KeyAdded'>): DirectoryChange | null => {
  const { agency, principal } = value
  if (agency !== null && !isAgencyId(agency)) return null
  if (principal !== null && !isPrincipalId(principal)) return null
  if (!isTimeMs(value.validFromMs) || !isTimeMs(value.validToMs)) return null
  return { type: 'KeyAdded', ...value, agency, principal }
}

/** Written codes only: an entry of the directory has no need of aliases. */
const jurisdictionsFrom = (written: readonly string[]): readonly Jurisdiction[] | null => {
  const known = written.filter(isJurisdiction)
  return known.length === written.length ? known : null
}
