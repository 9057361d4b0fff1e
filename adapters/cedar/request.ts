import type { EntityJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs'
import type { AgencyId } from '#core/agency.ts'
import { isClassification, rankOf } from '#core/classification.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { Label } from '#core/label.ts'
import { POLICY_ACTIONS, type PolicyRequest } from '#core/ports/policy.ts'

/** The request in the words of `policy/rabta.cedarschema`, against what `preparsed` names. */
export const cedarCall = (request: PolicyRequest, preparsed: string): StatefulAuthorizationCall => {
  const principal = principalEntity(request.principal)
  const resource = resourceOf(request)
  return {
    principal: principal.uid,
    action: action(request.action),
    resource: resource.uid,
    context: { realm: realm(request.realm) },
    entities: [principal, resource],
    preparsedSchemaName: preparsed,
    preparsedPolicySetId: preparsed,
    validateRequest: true,
  }
}

const entity = (type: string) => (id: string) => ({ type, id })

const action = entity('Action')
const realm = entity('Realm')
const agency = entity('Agency')
const jurisdiction = entity('Jurisdiction')
const caveat = entity('Caveat')
const role = entity('Role')
const kind = entity('PrincipalKind')

// A label has no id of its own, and no rule may look at one.
const ALERT = entity('Alert')('asked about')
const single = (type: string, id: string): EntityJson => {
  return { uid: entity(type)(id), attrs: {}, parents: [] }
}
const ACCESS_LOG = single('AccessLog', 'access')
const DIRECTORY = single('Directory', 'directory')

// An action with the wrong kind of resource fails the schema, so it needs no check here.
const resourceOf = ({ action, alert }: PolicyRequest): EntityJson => {
  if (alert === null) return POLICY_ACTIONS[action] === 'directory' ? DIRECTORY : ACCESS_LOG
  const { origin, label } = alert
  return label === null ? namedEntity(origin) : alertEntity(origin, label)
}

const principalEntity = (principal: PrincipalStanding): EntityJson => ({
  uid: entity('Principal')(principal.id),
  attrs: {
    agency: agency(principal.agency),
    agencyCeiling: rank(principal.agencyCeiling),
    kind: kind(principal.kind),
    active: principal.active,
    clearance: rank(principal.clearance),
    jurisdictions: principal.jurisdictions.map(jurisdiction),
    caveats: principal.caveats.map(caveat),
    roles: principal.roles.map(role),
  },
  parents: [],
})

const namedEntity = (origin: AgencyId): EntityJson => ({
  uid: entity('NamedAlert')('asked about'),
  attrs: { origin: agency(origin) },
  parents: [],
})

const alertEntity = (origin: AgencyId, label: Label): EntityJson => ({
  uid: ALERT,
  attrs: {
    origin: agency(origin),
    classification: rank(label.classification),
    jurisdictions: label.jurisdictions.map(jurisdiction),
    caveats: label.caveats.map(caveat),
    ...(label.releasableTo === null ? {} : { releasableTo: label.releasableTo.map(agency) }),
  },
  parents: [],
})

// Cedar checks the other names against the schema, but a rank is a number like any other: that of
// an unknown level would be −1, which every clearance exceeds.
const rank = (level: string): number => {
  if (!isClassification(level)) throw new RangeError('a level of classification is unknown')
  return rankOf(level)
}
