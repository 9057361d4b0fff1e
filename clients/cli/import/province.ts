import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { ALL_JURISDICTIONS, JURISDICTIONS, type Jurisdiction } from '#core/jurisdiction.ts'

/** A jurisdiction that has a counter-terrorism department of its own. */
export type Province = Exclude<Jurisdiction, 'PK'>

/** Which agency reports of which province: the origin of what is imported. */
const DEPARTMENTS: Readonly<Record<Province, string>> = {
  'PK-BA': 'ctd-balochistan',
  'PK-GB': 'ctd-gb',
  'PK-IS': 'ctd-ict',
  'PK-JK': 'ctd-ajk',
  'PK-KP': 'ctd-kp',
  'PK-PB': 'ctd-punjab',
  'PK-SD': 'ctd-sindh',
}

/** As files of incidents write it, in lower case; beside these, the name of the jurisdiction. */
const SPELLINGS: Readonly<Record<string, Province>> = {
  'azad jammu & kashmir': 'PK-JK',
  'balochistan province': 'PK-BA',
  // Merged into Khyber Pakhtunkhwa in 2018, and its department's since.
  'federally administered tribal areas': 'PK-KP',
  'gilgit-baltistan': 'PK-GB',
  'islamabad capital territory': 'PK-IS',
  'khyber pakhtunkhwa province': 'PK-KP',
  'khyber pakhtunkwa province': 'PK-KP',
  'punjab province': 'PK-PB',
  'sindh province': 'PK-SD',
}

const isProvince = (jurisdiction: Jurisdiction): jurisdiction is Province => jurisdiction !== 'PK'

export const PROVINCES: readonly Province[] = ALL_JURISDICTIONS.filter(isProvince)

/** The province that `written` names; null when it names none that is known: never a guess. */
export const provinceFrom = (written: string): Province | null => {
  const name = written.toLowerCase()
  const named = PROVINCES.find((one) => JURISDICTIONS[one].toLowerCase() === name)
  return named ?? (Object.hasOwn(SPELLINGS, name) ? (SPELLINGS[name] ?? null) : null)
}

export const departmentOf = (province: Province): AgencyId => {
  const agency = DEPARTMENTS[province]
  if (!isAgencyId(agency)) throw new TypeError(`${agency} cannot be an agency's name`)
  return agency
}
