import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { decodeSingleObject, encodeSingleObject, HEADER_BYTES } from '#core/avro/single-object.ts'
import { equalBytes } from '#core/bytes.ts'
import { accessRecordCodec, accessRecordCodecs } from '#core/codecs.ts'
import { agencyOf, isPrincipalId, type PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'
import { isTimeMs } from '#core/time.ts'
import { type Uuid, uuidBytes, uuidFromBytes } from '#core/uuid.ts'

/** One line of the access log. Never content, free text, names, tokens or keys. */
export interface AccessRecord {
  /** The writer's claim; the order of the log is the leaf index. */
  readonly timeMs: number
  readonly service: 'GATEWAY' | 'ROUTER' | 'AUDIT'
  readonly requestId: Uuid
  readonly realm: Realm
  /** Null for what a service does by itself. */
  readonly principal: PrincipalId | null
  readonly agency: AgencyId | null
  readonly action: AccessAction
  readonly outcome: AccessOutcome
  readonly alert: {
    readonly origin: AgencyId
    readonly id: Uuid
    /** Null when the request named an alert that was not found. */
    readonly digest: Uint8Array | null
  } | null
  /** Codes: of core/refusal.ts, of the policy's rules, of the router's faults. */
  readonly reasons: readonly string[]
  readonly policyDigest: Uint8Array | null
  /** The directory's head by which it was decided. */
  readonly directory: { readonly sequence: number; readonly digest: Uint8Array } | null
  readonly purpose: Purpose | null
  /** HMAC-SHA-256 of the filter under the audit service's key. */
  readonly searchTerms: Uint8Array | null
  /** 16 random bytes, so that a leaf hash tells nothing. */
  readonly salt: Uint8Array
}

export const ACCESS_ACTIONS = [
  'TOKEN',
  'PUBLISH',
  'RELEASE',
  'READ',
  'PREVIEW',
  'SEARCH',
  'PROOF',
  'EXPORT',
  'ACKNOWLEDGE',
  'DIRECTORY',
  'POLICY',
  'DEAD_LETTER',
] as const
export type AccessAction = (typeof ACCESS_ACTIONS)[number]

export const ACCESS_OUTCOMES = ['ALLOWED', 'DENIED', 'FAILED'] as const
export type AccessOutcome = (typeof ACCESS_OUTCOMES)[number]

export const PURPOSE_CODES = [
  'INVESTIGATION',
  'PROTECTION',
  'PROSECUTION',
  'OVERSIGHT',
  'COORDINATION',
  'TRAINING',
] as const

/** Why the caller asks: a closed code, and a case reference of validated form. */
export interface Purpose {
  readonly code: (typeof PURPOSE_CODES)[number]
  readonly caseReference: string | null
}

export const encodeAccessRecord = (record: AccessRecord): Uint8Array =>
  encodeSingleObject(accessRecordCodec, {
    ...record,
    requestId: uuidBytes(record.requestId),
    alert: record.alert && { ...record.alert, id: uuidBytes(record.alert.id) },
  })

/** Null when the bytes are no record: such a leaf is indexed as unreadable, and stops nothing. */
export const decodeAccessRecord = (bytes: Uint8Array): AccessRecord | null => {
  const read = decodeSingleObject(accessRecordCodecs, bytes)
  if (!read.ok) return null
  const { principal, agency, alert } = read.value
  if (!isTimeMs(read.value.timeMs) || (read.value.directory?.sequence ?? 0) < 0) return null
  if (!read.value.reasons.every(isReason) || !isPurpose(read.value.purpose)) return null
  if (principal !== null && !isPrincipalId(principal)) return null
  if (agency !== null && !isAgencyId(agency)) return null
  if (principal !== null && agencyOf(principal) !== agency) return null
  const named = alert === null ? null : nameFrom(alert)
  if (alert !== null && named === null) return null
  return {
    ...read.value,
    requestId: uuidFromBytes(read.value.requestId),
    principal,
    agency,
    alert: named,
  }
}

/**
 * The action of a record, found without reading what comes before and after it: for who follows all
 * records and wants a few. Null for what no record begins like; that it is one `decodeAccessRecord`
 * alone says.
 */
export const actionIn = (bytes: Uint8Array): AccessAction | null => {
  // The walk below is by the one schema: of another, the whole record says it.
  if (!equalBytes(bytes.subarray(0, HEADER_BYTES), accessRecordCodec.header)) {
    return decodeAccessRecord(bytes)?.action ?? null
  }
  // timeMs, then one byte for the service, 16 for the request id, one for the realm
  const principalAt = behindVarint(bytes, HEADER_BYTES) + 18
  const at = behindText(bytes, behindText(bytes, principalAt))
  const place = bytes[at] ?? 1
  return place % 2 === 0 ? (ACCESS_ACTIONS[place / 2] ?? null) : null
}

const behindVarint = (bytes: Uint8Array, at: number): number => {
  let end = at
  while ((bytes[end] ?? 0) >= 0x80) end += 1
  return end + 1
}

/** Behind a union of null and string. */
const behindText = (bytes: Uint8Array, at: number): number => {
  if (bytes[at] === 0) return at + 1
  const [low = 0, high = 0] = bytes.subarray(at + 1, at + 3)
  return low < 0x80 ? at + 2 + low / 2 : at + 3 + (((low & 0x7f) | (high << 7)) >> 1)
}

/** A code, so that nobody can put free text into the log, or a formula into an auditor's table. */
const isReason = (text: string): boolean => /^[a-z][a-z0-9-]{0,63}$/.test(text)

/** A case reference as callers give it in a request: without white space. */
export const isCaseReference = (text: string): boolean => CASE_REFERENCE_PATTERN.test(text)

export const CASE_REFERENCE_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9./:_-]{0,62}[A-Za-z0-9])?$/

const isPurpose = (purpose: Purpose | null): boolean =>
  purpose === null || purpose.caseReference === null || isCaseReference(purpose.caseReference)

const nameFrom = (alert: {
  readonly origin: string
  readonly id: Uint8Array
  readonly digest: Uint8Array | null
}): AccessRecord['alert'] =>
  isAgencyId(alert.origin)
    ? { origin: alert.origin, id: uuidFromBytes(alert.id), digest: alert.digest }
    : null
