import type { DenialReason, PolicyRequest } from '#core/ports/policy.ts'

/**
 * The design's sentences about who may do what once more, in plain code that shares nothing with
 * `policy/` or with what evaluates it: all reasons of a denial, sorted; none when it is allowed.
 */
export const naiveReasons = (request: PolicyRequest): readonly DenialReason[] => {
  const reasons = new Set<DenialReason>()
  const demand: Demand = (met, reason) => {
    if (!met) reasons.add(reason)
  }
  demand(request.principal.active, 'suspended')
  ofCalling(request, demand)
  if (request.alert?.label) ofLabel(request, request.alert.label, demand)
  return [...reasons].sort()
}

type Demand = (met: boolean, reason: DenialReason) => void
type Label = NonNullable<NonNullable<PolicyRequest['alert']>['label']>

/** What each action asks of whoever calls, besides being active. */
const ofCalling = ({ action, realm, principal, alert }: PolicyRequest, demand: Demand): void => {
  const ROLES: Partial<Record<PolicyRequest['action'], readonly string[]>> = {
    read: ['subscriber'],
    acknowledge: ['subscriber'],
    export: ['subscriber'],
    publish: ['publisher'],
    preview: ['publisher', 'subscriber'],
    'search-own': ['auditor', 'national-auditor'],
    'search-all': ['national-auditor'],
    status: ['administrator', 'auditor', 'national-auditor', 'publisher', 'subscriber'],
  }
  const asked = ROLES[action]
  if (asked)
    demand(
      principal.roles.some((role) => asked.includes(role)),
      'role-missing',
    )
  if (action === 'directory-enter') demand(realm === 'live', 'live-only')
  if (action === 'preview' || action === 'publish' || action === 'status') {
    demand(principal.agency === alert?.origin, 'not-own-agency')
  }
}

const LEVELS = ['UNCLASSIFIED', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET', 'TOP_SECRET']

const ofLabel = (
  { action, principal, alert }: PolicyRequest,
  label: Label,
  demand: Demand,
): void => {
  if (action === 'preview') return
  const own = principal.agency === alert?.origin
  const isMarked = (caveat: string): boolean => label.caveats.some((one) => one === caveat)
  const level = LEVELS.indexOf(label.classification)
  demand(LEVELS.indexOf(principal.clearance) >= level, 'clearance-too-low')
  for (const caveat of ['JUVENILE', 'PROTECTED_PERSON'] as const) {
    demand(!isMarked(caveat) || principal.caveats.includes(caveat), 'missing-caveat')
  }
  if (action === 'publish') {
    demand(LEVELS.indexOf(principal.agencyCeiling) >= level, 'above-agency-ceiling')
    return
  }
  const meets = principal.jurisdictions.some((one) => label.jurisdictions.includes(one))
  demand(own || meets, 'outside-jurisdiction')
  demand(own || (label.releasableTo?.includes(principal.agency) ?? true), 'not-releasable')
  demand(principal.kind === 'PERSON' || !isMarked('EYES_ONLY'), 'persons-only')
  if (action !== 'export') return
  for (const caveat of ['PROTECTED_PERSON', 'JUVENILE', 'EYES_ONLY', 'NO_ONWARD']) {
    demand(!isMarked(caveat), 'not-for-export')
  }
  demand(own || !isMarked('ORCON'), 'originator-only')
  demand(own || !isMarked('NOT_FOR_COURT'), 'not-for-court')
}
