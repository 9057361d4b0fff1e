import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { EXIT } from '#clients/cli/command.ts'
import { attempted, type Finding, fail, ok, skip } from '#clients/cli/doctor/finding.ts'
import type { Identity } from '#clients/cli/identity.ts'
import { acknowledge } from '#clients/sdk/acknowledge.ts'
import { HubMisbehaved, HubUnreachable } from '#clients/sdk/errors.ts'
import { type FeedOptions, feedPage, feedPages } from '#clients/sdk/feed.ts'
import { publish } from '#clients/sdk/publish.ts'
import type { Session } from '#clients/sdk/session.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import type { VerifiedAlert } from '#clients/sdk/verify-release.ts'
import type { Alert } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { Uuid } from '#core/uuid.ts'

/**
 * Publishes an alert in the exercise realm for the own agency alone, waits for it in the feed,
 * acknowledges it, and proves the three records of that. Leaves them in the log, as all acts do.
 */
export const publishFinding = (who: Identity, id: Uuid): Promise<Finding> =>
  attempted(
    'publish',
    'publishing wants the roles publisher and subscriber in exercise',
    async () => {
      const { session, home, log } = who
      const roles = session.directory.state.standingOf(session.principal, 'exercise')?.roles ?? []
      if (!roles.includes('publisher') || !roles.includes('subscriber')) {
        return skip('publish', `${session.principal} is not publisher and subscriber in exercise`)
      }
      const startedAtMs = session.clock.monotonicMs()
      const filter = { origins: [session.agency] }
      const { cursor } = await feedPage(session, { from: 'now', filter })
      const key = openSigner(await readKeyFile(homePaths(home).agency(session.agency).exerciseKey))
      const published = await publish(session, await signAlert(drill(session, id), [key]))
      const seen = await inFeed(session, { from: cursor, filter }, id)
      const acknowledged = await acknowledge(session, { ...published, digest: published.digest })
      const records = [published.record, seen.record, acknowledged.record]
      const proven = await log.verifyRecords(records)
      const ms = Math.round(session.clock.monotonicMs() - startedAtMs)
      if (proven.every(({ state }) => state === 'included')) {
        const leaves = records.map(({ index }) => index).join(', ')
        return ok('publish', `published, read, acknowledged in ${ms} ms; leaves ${leaves} proven`)
      }
      const states = proven.map(({ state }) => state).join(', ')
      const remedy = 'ask the operator of the audit service'
      return fail('publish', `of its three records: ${states}`, remedy, EXIT.unverified)
    },
  )

const inFeed = async (session: Session, options: FeedOptions, id: Uuid): Promise<VerifiedAlert> => {
  const deadlineMs = session.clock.monotonicMs() + LIMITS.doctorFeedMsMax
  for await (const { items } of feedPages(session, { ...options, pollMs: POLL_MS })) {
    for (const item of items) {
      if (!item.ok) throw new HubMisbehaved('answer-differs', `${item.fault} in the feed`)
      if (item.alert.id === id) return item
    }
    if (session.clock.monotonicMs() > deadlineMs) break
  }
  throw new HubUnreachable('what was published did not come to the feed in time')
}

const POLL_MS = 100
const LIFE_MS = 600_000

const drill = ({ agency, directory, clock }: Session, id: Uuid): Alert => {
  const home = directory.state.agencies.get(agency)?.home ?? 'PK'
  const sentAtMs = clock.nowMs()
  const headline = 'Exercise: rabta doctor tries whether alerts pass'
  return {
    realm: 'exercise',
    id,
    origin: agency,
    kind: 'SYSTEM_NOTICE',
    precedence: 'ROUTINE',
    label: {
      classification: 'UNCLASSIFIED',
      jurisdictions: [home],
      releasableTo: [agency],
      caveats: [],
    },
    evaluation: { reliability: 'A', credibility: 1 },
    sentAtMs,
    occurred: null,
    expiresAtMs: sentAtMs + LIFE_MS,
    texts: [{ language: 'en', headline, narrative: 'Nothing in it happened.' }],
    areas: [],
    indicators: [],
    references: [],
    caseReferences: [],
    legalBasis: null,
  }
}
