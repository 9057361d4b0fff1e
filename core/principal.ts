import { type AgencyId, isAgencyId } from '#core/agency.ts'

declare const brand: unique symbol

/** A person or a system of one agency: `ctd-kp/duty-officer`. A post, never a person's name. */
export type PrincipalId = string & { readonly [brand]: 'PrincipalId' }

const NAME = /^[a-z0-9][a-z0-9.-]{0,47}$/

export const principalId = (agency: AgencyId, name: string): PrincipalId | null =>
  NAME.test(name) ? (`${agency}/${name}` as PrincipalId) : null

export const isPrincipalId = (text: string): text is PrincipalId => {
  const slash = text.indexOf('/')
  return slash > 0 && isAgencyId(text.slice(0, slash)) && NAME.test(text.slice(slash + 1))
}

/** The agency whose principal it is. */
export const agencyOf = (id: PrincipalId): AgencyId => id.slice(0, id.indexOf('/')) as AgencyId
