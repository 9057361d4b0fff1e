import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { UsageError } from '#clients/cli/command.ts'
import { openIdentity } from '#clients/cli/identity.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { AgencyId } from '#core/agency.ts'
import { LIMITS } from '#core/limits.ts'
import type { Signer } from '#core/ports/signer.ts'
import { principalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/** Who sends an agency's alerts: its system, and the key that signs in the agency's name. */
export interface Sender {
  readonly session: Session
  readonly key: Signer
  readonly expectation: Expectation
}

export interface SendersOptions {
  /** The folder with the agencies' keys. */
  readonly home: string
  readonly gatewayUrl: string
  readonly realm: Realm
}

/** Asks the hub for nothing yet. Throws UsageError when the home lacks the keys of an agency. */
export const openSenders = async (
  agencies: Iterable<AgencyId>,
  options: SendersOptions,
): Promise<ReadonlyMap<AgencyId, Sender>> => {
  const senders = new Map<AgencyId, Sender>()
  for (const agency of agencies) senders.set(agency, await openSender(agency, options))
  return senders
}

const openSender = async (agency: AgencyId, options: SendersOptions): Promise<Sender> => {
  const { home, realm } = options
  const principal = principalId(agency, 'feed-system')
  if (principal === null) throw new TypeError(`${agency} has no feed-system`)
  const paths = homePaths(home).agency(agency)
  try {
    const { session } = await openIdentity({ ...options, principal })
    const key = await readKeyFile(realm === 'live' ? paths.alertKey : paths.exerciseKey)
    return { session, key: openSigner(key), expectation: new Expectation() }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw new UsageError(`${home} lacks keys of ${agency}, which signs some of these rows`)
  }
}

/**
 * Whether to ask before publishing. What is asked for and is not there leaves a refusal in the
 * access log, so a file that is new to the hub would leave one a row, and look like probing. After
 * a few absent alerts in a row the rest is taken for new; the hub's «id-taken» says otherwise.
 */
export class Expectation {
  private absentInARow = 0

  get asksFirst(): boolean {
    return this.absentInARow < LIMITS.importAbsentInARowMax
  }

  wasAbsent(): void {
    this.absentInARow += 1
  }

  wasThere(): void {
    this.absentInARow = 0
  }
}
