import { existsSync } from 'node:fs'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { EXIT } from '#clients/cli/command.ts'
import { attempted, type Finding, fail, ok, skip, warn } from '#clients/cli/doctor/finding.ts'
import type { Identity } from '#clients/cli/identity.ts'
import { HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { recordPage } from '#clients/sdk/search.ts'
import type { Session } from '#clients/sdk/session.ts'
import { LIMITS } from '#core/limits.ts'

/** What a principal finds at its hub. What fails first keeps the rest from being asked. */
export const hubFindings = async (who: Identity): Promise<readonly Finding[]> => {
  const { session } = who
  const findings: Finding[] = []
  for (const look of [reachable, ready, token, directory]) {
    const finding = await look(session)
    findings.push(finding)
    if (finding.state === 'fail' && look !== ready) return findings
  }
  findings.push(standing(session), ...(await keys(who)))
  findings.push(await checkpoint(who), await proof(who))
  return findings
}

const health = (session: Session, name: 'live' | 'ready') =>
  session.connection.get({
    server: 'gateway',
    path: `/health/${name}`,
    accept: 'application/json',
    isPublic: true,
  })

/** Its clock too: it is in the same answer. */
const reachable = (session: Session): Promise<Finding> =>
  attempted('hub', 'is --gateway the address of a gateway?', async () => {
    const { headers } = await health(session, 'live')
    const hubMs = Date.parse(headers.get('date') ?? '')
    const offMs = Math.abs(session.clock.nowMs() - hubMs)
    if (Number.isNaN(offMs)) return warn('hub', 'answers, without a date', 'is a proxy in between?')
    const what = `answers; its clock and this one differ by ${Math.round(offMs / 1_000)} s`
    // The header has no milliseconds.
    if (offMs <= LIMITS.doctorClockOffMsMax) return ok('hub', what)
    return fail('hub', what, 'set this machine’s clock (NTP), or have the hub’s set')
  })

const ready = (session: Session): Promise<Finding> =>
  attempted('ready', 'GET /health/ready names the check that fails', async () => {
    try {
      const { body } = await health(session, 'ready')
      const isWhole = new TextDecoder().decode(body).includes('"status":"ready"')
      if (isWhole) return ok('ready', 'all that the hub checks of itself is well')
      return warn('ready', 'the hub is degraded', 'GET /health/ready names what is missing')
    } catch (error) {
      if (!(error instanceof HubUnreachable)) throw error
      const remedy = 'GET /health/ready names the check that fails: tell the hub’s operator'
      return fail('ready', 'the hub says that it is not ready', remedy, EXIT.unreachable)
    }
  })

const token = (session: Session): Promise<Finding> => {
  const remedy = 'does the directory know this principal and its key? rabta directory show'
  return attempted('token', remedy, async () => {
    const query = { from: '0', limit: '1' }
    const path = '/v1/directory/entries'
    await session.connection.get({ server: 'gateway', path, query, accept: 'application/json' })
    return ok('token', `the hub knows ${session.principal} in ${session.realm}`)
  })
}

const directory = (session: Session): Promise<Finding> =>
  attempted('directory', 'ask the hub’s operator why it is not fresh', async () => {
    await session.directory.catchUp()
    const { state, ignored } = session.directory
    const what = `${state.sequence + 1} entries verified from the pinned genesis`
    if (ignored.length === 0) return ok('directory', what)
    const others = `${what}; ${ignored.length} more were ignored`
    return warn('directory', others, 'somebody wrote without authority: rabta directory log')
  })

const standing = ({ directory: { state }, principal, realm }: Session): Finding => {
  const own = state.standingOf(principal, realm)
  const remedy = 'ask your agency’s administrator: rabta principal set'
  if (own === null) return fail('principal', `the directory knows no ${principal}`, remedy)
  if (!own.active) return fail('principal', `${principal} or its agency is suspended`, remedy)
  if (own.roles.length === 0) return warn('principal', `no role in ${realm}`, remedy)
  return ok(
    'principal',
    `${own.clearance}, ${own.jurisdictions.join(' ')}: ${own.roles.join(', ')}`,
  )
}

const DAY_MS = 86_400_000

const keys = async ({ home, session }: Identity): Promise<readonly Finding[]> => {
  const paths = homePaths(home).agency(session.agency)
  const name = session.principal.slice(session.agency.length + 1)
  const own = {
    'authentication key': paths.principalKey(name),
    'alert key': paths.alertKey,
    'exercise key': paths.exerciseKey,
  }
  const findings: Finding[] = []
  for (const [check, path] of Object.entries(own)) {
    if (!existsSync(path)) findings.push(skip(check, `not here: ${path}`))
    else findings.push(await attempted(check, `repair ${path}`, () => keyAt(path, check, session)))
  }
  return findings
}

const keyAt = async (path: string, check: string, session: Session): Promise<Finding> => {
  const { keyId } = openSigner(await readKeyFile(path))
  const known = session.directory.state.keys.get(keyId)
  const remedy = `rabta key add --from ${path}, by an administrator of the agency`
  if (known === undefined) return fail(check, 'the directory does not know it', remedy)
  if (known.revoked !== null) return fail(check, 'it is revoked', 'rabta key rotate')
  const nowMs = session.clock.nowMs()
  const days = Math.floor((known.validToMs - nowMs) / DAY_MS)
  if (nowMs < known.validFromMs) return fail(check, 'it is not valid yet', 'wait, or see the clock')
  if (days < 0) return fail(check, `it expired ${-days} days ago`, 'rabta key rotate')
  if (days < LIMITS.doctorKeyDaysMin) return warn(check, `${days} days left`, 'rabta key rotate')
  return ok(check, `in the directory, ${days} days left`)
}

const checkpoint = ({ log }: Identity): Promise<Finding> =>
  attempted('checkpoint', 'ask the operator of the audit service', async () => {
    const { checkpoint: newest, isFirst, isStale } = await log.refresh()
    const what = `verified, ${newest.size} leaves`
    if (isStale) return warn('checkpoint', 'older than the one remembered', 'ask again later')
    if (isFirst) return ok('checkpoint', `${what}; the first one seen here, remembered from now on`)
    return ok('checkpoint', `${what}; an extension of the one remembered`)
  })

/** The newest record that this principal may see, for an auditor; others prove what they do. */
const proof = ({ session, log }: Identity): Promise<Finding> =>
  attempted('proof', 'ask the operator of the audit service', async () => {
    const page = await recordPage(session, { filter: {}, limit: 1 }).catch((error: unknown) => {
      if (error instanceof HubRefusal && error.status === 403) return null
      throw error
    })
    const record = page?.records[0]
    if (page === null) return skip('proof', 'of a record: for auditors, or with --publish')
    if (record === undefined) return skip('proof', 'there is no record to prove yet')
    const { state } = await log.verifyRecord(record)
    if (state === 'included') return ok('proof', `record ${record.index} is in the log`)
    if (state === 'not-yet') return warn('proof', 'no checkpoint covers it yet', 'ask again')
    const remedy = 'keep it and tell the other members'
    return fail('proof', `record ${record.index} is NOT in the log`, remedy, EXIT.unverified)
  })
