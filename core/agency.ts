declare const brand: unique symbol

/** An organisation with keys, by its short name: `ctd-kp`. Whether it exists, the directory knows. */
export type AgencyId = string & { readonly [brand]: 'AgencyId' }

export const AGENCY_PATTERN = /^[a-z][a-z0-9]{0,15}(?:-[a-z0-9]{1,15}){0,3}$/

export const isAgencyId = (text: string): text is AgencyId => AGENCY_PATTERN.test(text)
