import type { AccessRecord } from '#core/access-record.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { Label } from '#core/label.ts'
import { CONNECTION_REASON, type Question } from '#core/policy-diff/recorded-question.ts'
import type { Policy, PolicyAction, PolicyRequest } from '#core/ports/policy.ts'
import { type Scope, scopeBy } from '#core/search-scope.ts'

/** What a policy answers to what a record tells of. */
export interface Answer {
  readonly outcome: 'ALLOWED' | 'DENIED'
  readonly reasons: readonly string[]
  /** Of the access log: how much of it; else null. */
  readonly sees: Scope['sees'] | null
}

/** A record whose question can be asked again: who stood how, and under which label. */
export interface Replayable {
  readonly record: AccessRecord
  readonly question: Question
  /** Null for a principal whom the directory did not know. */
  readonly standing: PrincipalStanding | null
  /** Of a question about a label. */
  readonly label: Label | null
}

/** The actions that the record may tell of: one, unless it is about the directory. */
export const actionsOf = ({ question }: Replayable): readonly PolicyAction[] => {
  switch (question.about) {
    case 'label':
      return [question.action]
    case 'name':
      return ['status']
    case 'directory':
      return ['directory', 'directory-enter']
    case 'access-log':
      return ['search-own']
  }
}

export const answerOf = (policy: Policy, asked: Replayable, action: PolicyAction): Answer => {
  const { record, question, standing } = asked
  if (question.about === 'access-log') return scopeAnswer(policy, asked)
  if (standing === null) return overConnection(record, ['suspended'])
  const request = { action, realm: record.realm, principal: standing, alert: alertOf(asked) }
  const decision = policy.decide(request)
  return overConnection(record, decision.allowed ? [] : decision.reasons)
}

const scopeAnswer = (policy: Policy, { record, standing }: Replayable): Answer => {
  const scope = scopeBy(policy, record.realm, standing)
  const reasons = 'reasons' in scope ? scope.reasons : []
  return { outcome: scope.sees === 'nothing' ? 'DENIED' : 'ALLOWED', reasons, sees: scope.sees }
}

const alertOf = ({ question, label }: Replayable): PolicyRequest['alert'] => {
  if (question.about === 'label') return { origin: question.alert.origin, label }
  return question.about === 'name' ? { origin: question.origin, label: null } : null
}

/** What the connection added to the recorded answer, it would have added to any. */
const overConnection = (record: AccessRecord, ofPolicy: readonly string[]): Answer => {
  const isUnbound = record.reasons.includes(CONNECTION_REASON)
  const reasons = isUnbound ? [...ofPolicy, CONNECTION_REASON].sort() : ofPolicy
  return { outcome: reasons.length === 0 ? 'ALLOWED' : 'DENIED', reasons, sees: null }
}

export const isSameAnswer = (a: Answer, b: Answer): boolean =>
  a.outcome === b.outcome && a.sees === b.sees && a.reasons.join() === b.reasons.join()

/** Whether the answer is the one on record. */
export const isAsRecorded = (
  { record }: Replayable,
  { outcome, reasons, sees }: Answer,
): boolean => {
  if (sees === null) {
    const isOutcome = record.outcome === outcome
    return isOutcome && (outcome === 'ALLOWED' || record.reasons.join() === reasons.join())
  }
  // A leaf that is not there and one that may not be seen are refused alike.
  if (record.outcome === 'ALLOWED') return sees !== 'nothing'
  return record.reasons.includes('not-found') || record.reasons.join() === reasons.join()
}
