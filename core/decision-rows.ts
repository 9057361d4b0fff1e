import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import { type Label, labelFrom, type WrittenLabel } from '#core/label.ts'
import {
  type DenialReason,
  POLICY_ACTIONS,
  type Policy,
  type PolicyRequest,
} from '#core/ports/policy.ts'
import { principalId } from '#core/principal.ts'

/** A row of `schemas/vectors/decisions.json`: a request, and what must be decided. */
export interface DecisionRow {
  readonly why: string
  readonly request: PolicyRequest
  readonly expected: 'allowed' | readonly DenialReason[]
}

/** The text is no file of decisions; the message says where. */
export class DecisionRowsInvalid extends Error {
  override readonly name = 'DecisionRowsInvalid'
}

/** Throws `DecisionRowsInvalid`. */
export const decisionRowsFrom = (text: string): readonly DecisionRow[] => {
  const { rows } = JSON.parse(text) as { rows?: readonly WrittenRow[] }
  if (!Array.isArray(rows)) throw new DecisionRowsInvalid('there are no rows')
  return rows.map(rowFrom)
}

interface WrittenRow extends Pick<PolicyRequest, 'action' | 'realm'> {
  readonly why: string
  readonly principal: Omit<PrincipalStanding, 'id'>
  readonly alert: { readonly origin: string; readonly label: WrittenLabel | null } | null
  readonly expected: DecisionRow['expected']
}

const rowFrom = ({ why, action, realm, principal, alert, expected }: WrittenRow): DecisionRow => {
  const id = principalId(agencyFrom(principal.agency), 'someone')
  if (id === null) throw new DecisionRowsInvalid(`${why}: no principal's id`)
  if (!Object.hasOwn(POLICY_ACTIONS, action)) throw new DecisionRowsInvalid(`${why}: ${action}`)
  const request: PolicyRequest = {
    action,
    realm,
    principal: { id, ...principal },
    alert: alert && {
      origin: agencyFrom(alert.origin),
      label: alert.label && labelOf(why, alert.label),
    },
  }
  return { why, request, expected }
}

const agencyFrom = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new DecisionRowsInvalid(`${text} is no agency's id`)
  return text
}

const labelOf = (why: string, written: WrittenLabel): Label => {
  const label = labelFrom(written)
  if (!label.ok)
    throw new DecisionRowsInvalid(`${why}: the label's ${label.refusal.detail} is wrong`)
  return label.value
}

export const decidedFor = (policy: Policy, request: PolicyRequest): DecisionRow['expected'] => {
  const decision = policy.decide(request)
  return decision.allowed ? 'allowed' : decision.reasons
}

/** The rows that a policy decides otherwise than they say. */
export const rowsAgainst = (policy: Policy, rows: readonly DecisionRow[]): readonly DecisionRow[] =>
  rows.filter(({ request, expected }) => String(decidedFor(policy, request)) !== String(expected))
