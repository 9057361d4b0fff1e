import { hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedRecall, Recalls } from '#core/ports/alert-index.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { isStanding } from '#services/gateway/recalled.ts'
import {
  allowedDraft,
  appended,
  decideRead,
  isPolicyActive,
  type Reader,
} from '#services/gateway/release.ts'

/**
 * The recalls that a reader has to hear of, whatever its cursor and filter: all that its labels let
 * it read, of the last `recallNoticeDays`, the newest `recallNoticesMax`. Who was given an alert by
 * name stands before it in the feed, perhaps, so the cursor does not say who was given it; no
 * gateway keeps that either, and after a restart the same is told. So some are told of what they
 * were never given, and might read the recall itself anyway.
 *
 * A notice says that an alert was there under a label, so it is a release of the recall: its record
 * is durable first, and the directory is asked again after that.
 */
export const noticesFor = async (
  deps: GatewayDeps,
  reader: Reader,
  labelIds: readonly number[],
): Promise<Result<Recalls>> => {
  const { recalls, isCut } = recallsFor(deps, reader, labelIds)
  const untold = recalls.filter((one) => !deps.told.has(reader.caller, one))
  if (untold.length > 0) {
    const drafts = untold.map((one) => ({
      ...allowedDraft(deps, reader, 'RELEASE', one),
      reasons: [NOTICE_REASON],
    }))
    if ((await appended(deps, drafts)) === null) return refuse('record-not-durable')
    for (const one of untold) deps.told.add(reader.caller, one)
    if (!deps.directory.isFresh()) return refuse('directory-stale')
    if (!isPolicyActive(deps)) return refuse('policy-not-active')
  }
  return accept({ recalls: recalls.filter((one) => mayTell(deps, reader, one)), isCut })
}

/** Whether this reader may be told of it now. */
export const mayTell = (deps: GatewayDeps, { caller }: Reader, one: IndexedRecall): boolean =>
  decideRead(deps, caller, one).allowed

/** Tells, in the record, that the notice went and not the recall's own bytes. */
const NOTICE_REASON = 'recall-notice'

const recallsFor = (
  deps: GatewayDeps,
  { caller: { realm } }: Reader,
  labelIds: readonly number[],
): Recalls => {
  const { recalls, isCut } = deps.index.recalls({
    realm,
    sinceMs: deps.clock.nowMs() - LIMITS.recallNoticeDays * DAY_MS,
    labelIds,
    limit: LIMITS.recallNoticesMax,
  })
  return { recalls: recalls.filter((one) => isStanding(deps, realm, one)), isCut }
}

const DAY_MS = 86_400_000

/** A notice as JSON, in a page and in a stream alike. */
export const noticeView = ({ origin, id, recalls, acceptedAtMs }: IndexedRecall) => ({
  origin,
  id: recalls.id,
  digest: hex(recalls.digest),
  recalledBy: id,
  acceptedAtMs,
})
