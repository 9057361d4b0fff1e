import { directoryHead } from '#core/access-log.ts'
import type { AccessOutcome } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'
import { utf8 } from '#core/bytes.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import type { Refusal } from '#core/refusal.ts'
import type { Scope } from '#core/search-scope.ts'
import type { Asker } from '#services/audit/asker.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { scopeOf } from '#services/audit/scope.ts'

/** What was asked of the audit service. */
export interface Query {
  readonly action: 'SEARCH' | 'PROOF'
  /** The alert that the query names. */
  readonly alert: AlertName | null
  /** The query in one canonical form; the record has only its keyed hash. */
  readonly terms: string
}

/**
 * Records a query that is refused, then gives the refusal. Resolves with another one when the
 * record could not be made durable.
 */
export const refuseQuery = async (
  deps: AuditDeps,
  asker: Asker,
  query: Query,
  { reasons, refusal }: { readonly reasons: readonly string[]; readonly refusal: Refusal },
): Promise<Refusal> => (await append(deps, asker, query, 'DENIED', reasons)) ?? refusal

/**
 * Records a query that is answered. Null when its answer, which is ready, may still go: a crash or
 * a change in between leaves a record of an answer nobody got.
 */
export const allowQuery = async (
  deps: AuditDeps,
  asker: Asker,
  query: Query,
  mayStill: (scope: Scope) => boolean,
): Promise<Refusal | null> => {
  const refusal = await append(deps, asker, query, 'ALLOWED', [])
  if (refusal !== null) return refusal
  // The directory may have moved while the record was written.
  if (!deps.directory.isFresh()) return { code: 'directory-stale' }
  return mayStill(scopeOf(deps, asker.caller)) ? null : { code: 'not-found' }
}

/** Null when the record is durable. */
const append = async (
  { accessLog, policy, directory, searchTerms }: AuditDeps,
  { caller, requestId, purpose }: Asker,
  { action, alert, terms }: Query,
  outcome: AccessOutcome,
  reasons: readonly string[],
): Promise<Refusal | null> => {
  const draft = {
    requestId,
    realm: caller.realm,
    principal: caller.principal,
    agency: caller.agency,
    action,
    outcome,
    reasons,
    alert: alert && { origin: alert.origin, id: alert.id, digest: null },
    policyDigest: policy.digest,
    directory: directoryHead(directory.state),
    purpose,
    searchTerms: searchTerms(utf8(terms)),
  }
  try {
    await accessLog.append([draft])
    return null
  } catch (error) {
    const isLogs = error instanceof LogUnavailable || error instanceof OutcomeUnknown
    if (isLogs) return { code: 'record-not-durable' }
    throw error
  }
}
