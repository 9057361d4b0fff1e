import { provePossession } from '#core/directory/possession.ts'
import {
  agencyAdded,
  agencyId,
  day,
  firstAdministrator,
  KP,
  KP_ADMIN,
  KP_ADMIN_TWO,
  KP_ALERTS,
  keyAdded,
  OFFICER,
  PUNJAB,
  PUNJAB_ADMIN,
  principal,
  ROOTS,
  STRANGER,
} from '#tools/vectors/directory-cast.ts'
import type { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { ed25519Key, es256Key, type VectorKey } from '#tools/vectors/keys.ts'

const BY_ROOTS = [ROOTS[0], ROOTS[1]]

export const enterPossessions = async (topic: DirectoryTopic): Promise<void> => {
  const key = es256Key('ctd-kp alerts, proven')
  const added = await keyAdded('alert_signing', key, { agency: KP })
  const proven = async (why: string, by: VectorKey, owner: Partial<typeof added>) =>
    topic.ignore(why, 'no-possession', {
      by: [KP_ADMIN],
      atMs: day(11),
      change: {
        ...added,
        possession: await provePossession(
          // Whoever signs, what is signed names the key that is to be entered.
          { ...by, keyId: key.keyId },
          { agency: KP, principal: null, usage: 'alert_signing', ...owner },
        ),
      },
    })
  await proven('a key that its adder does not hold', KP_ALERTS, {})
  await proven('proven for another agency', key, { agency: PUNJAB })
  await proven('proven for a principal', key, { principal: OFFICER.principal })
  await proven('proven for another usage', key, { usage: 'exercise_signing' })
  const kp = { by: [KP_ADMIN], atMs: day(11) }
  const own = { agency: KP, principal: null, usage: 'alert_signing' } as const
  const rows: readonly (readonly [why: string, possession: Uint8Array])[] = [
    ['without a proof', new Uint8Array(0)],
    [
      'what proves that another key is held',
      await provePossession({ ...key, keyId: STRANGER.keyId }, own),
    ],
    ['a signature over the bare key', await key.sign(key.publicKey.key)],
  ]
  for (const [why, possession] of rows) {
    await topic.ignore(why, 'no-possession', { ...kp, change: { ...added, possession } })
  }
  await topic.apply('proven for what it is entered as', { ...kp, change: added })
  const fia = await agencyAdded(agencyId('fia'), 'PK', STRANGER)
  await topic.ignore('an agency’s first key, proven for another post', 'no-possession', {
    by: BY_ROOTS,
    atMs: day(11),
    change: { ...fia, administrator: principal('fia/director') },
  })
}

export const enterLastAdministrator = async (topic: DirectoryTopic): Promise<void> => {
  const kp = { by: [KP_ADMIN], atMs: day(12) }
  const stolen = { type: 'KeyRevoked', keyId: KP_ADMIN.keyId, compromisedSinceMs: day(12) } as const
  const administrator: typeof OFFICER = {
    ...OFFICER,
    principal: principal('ctd-kp/administrator'),
    clearance: 'UNCLASSIFIED',
    caveats: [],
    roles: [{ realm: 'live', role: 'administrator' }],
  }
  const last = 'last-administrator'
  const own = { ...stolen, compromisedSinceMs: null }
  const exercise = [{ realm: 'exercise', role: 'administrator' }] as const
  const suspended = { ...administrator, suspended: true }
  await topic.ignore('the last administrator lays down its key', last, { ...kp, change: own })
  await topic.ignore('the last administrator is suspended', last, { ...kp, change: suspended })
  await topic.ignore('the last one stays administrator of exercises', last, {
    ...kp,
    change: { ...administrator, roles: exercise },
  })
  const later = es256Key('ctd-kp administrator, later')
  const second = principal('ctd-kp/second-administrator')
  const coming = await keyAdded('directory_signing', later, { agency: KP, principal: second })
  await topic.apply('a second administrator’s key, valid from day 20 on', {
    ...kp,
    change: { ...coming, validFromMs: day(20) },
  })
  await topic.apply('now the first may be suspended', { ...kp, change: suspended })
  await topic.apply('and come back', {
    by: [later],
    atMs: day(20),
    change: administrator,
  })
  const laid = { ...own, keyId: later.keyId }
  await topic.apply('the second lays down its key', { ...kp, atMs: day(20), change: laid })
  await topic.apply('the last one’s key is stolen', { ...kp, atMs: day(20), change: stolen })
  await topic.ignore('nobody speaks for the agency now', 'not-authorised', {
    by: [KP_ADMIN],
    atMs: day(20),
    change: OFFICER,
  })
}

const REPAIRED_AT = { by: BY_ROOTS, atMs: day(21) }

export const enterReplacement = async (topic: DirectoryTopic): Promise<void> => {
  const key = ed25519Key('ctd-kp administrator, replaced')
  const first = await firstAdministrator(KP, 'administrator-2', key)
  const change = { type: 'AdministratorsReplaced', ...first } as const
  const standing = (suspended: boolean, agency = KP) =>
    ({ type: 'AgencyStanding', agency, suspended }) as const
  await topic.ignore('replaced while the agency stands', 'not-suspended', {
    ...REPAIRED_AT,
    change,
  })
  await topic.apply('the agency is suspended', { ...REPAIRED_AT, change: standing(true) })
  const unlike = (why: string, fault: Parameters<typeof topic.ignore>[1], changes: object) =>
    topic.ignore(why, fault, { ...REPAIRED_AT, change: { ...change, ...changes } })
  await unlike('of an agency that is not there', 'not-there', { agency: agencyId('fia') })
  await unlike('by a post of another agency', 'bad-value', { administrator: 'ctd-punjab/x' })
  await unlike('by a key that has run out', 'bad-value', { validToMs: day(21) })
  await unlike('by a post that was there', 'already-there', { administrator: OFFICER.principal })
  await unlike('by a key that was there', 'already-there', {
    administratorKey: KP_ADMIN_TWO.publicKey,
  })
  await unlike('by a post that the key is not proven for', 'no-possession', {
    administrator: 'ctd-kp/administrator-3',
  })
  await topic.ignore('by one root key', 'not-authorised', {
    ...REPAIRED_AT,
    by: [ROOTS[0]],
    change,
  })
  await topic.apply('its administrators are replaced', { ...REPAIRED_AT, change })
  const set = { by: [key], atMs: day(21), change: OFFICER }
  await topic.ignore('who have no say before it is resumed', 'not-authorised', set)
  await topic.apply('it is resumed', { ...REPAIRED_AT, change: standing(false) })
  await topic.apply('and administered again', set)
  await enterStolenAdministrator(topic)
}

/** While an agency is suspended its administrators take back keys, until they are replaced. */
const enterStolenAdministrator = async (topic: DirectoryTopic): Promise<void> => {
  const standing = { type: 'AgencyStanding', agency: PUNJAB, suspended: true } as const
  const thief = { by: [PUNJAB_ADMIN], atMs: day(21) }
  const revoked = (key: VectorKey) =>
    ({ type: 'KeyRevoked', keyId: key.keyId, compromisedSinceMs: null }) as const
  await topic.apply('another agency is suspended', { ...REPAIRED_AT, change: standing })
  const spare = await keyAdded('alert_signing', ed25519Key('spare'), { agency: PUNJAB })
  await topic.ignore('a key by a suspended agency', 'not-authorised', { ...thief, change: spare })
  await topic.apply('a revocation by a suspended agency', {
    ...thief,
    change: revoked(ed25519Key('a new key')),
  })
  const key = ed25519Key('ctd-punjab administrator, replaced')
  const first = await firstAdministrator(PUNJAB, 'administrator-2', key)
  await topic.apply('its administrators are replaced too', {
    ...REPAIRED_AT,
    change: { type: 'AdministratorsReplaced', ...first },
  })
  await topic.ignore('the former administrator has no say at all', 'not-authorised', {
    ...thief,
    change: revoked(key),
  })
  await topic.apply('the other agency is resumed', {
    ...REPAIRED_AT,
    change: { ...standing, suspended: false },
  })
  await topic.ignore('nor later', 'not-authorised', { ...thief, change: spare })
  await topic.apply('the new one has', { ...thief, by: [key], change: spare })
}
