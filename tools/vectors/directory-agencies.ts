import type { KeyRevoked } from '#core/directory/entry.ts'
import {
  agencyId,
  day,
  KP,
  KP_ADMIN,
  KP_ADMIN_TWO,
  KP_ALERTS,
  KP_ALERTS_CARD,
  KP_ALERTS_OLD,
  KP_EXERCISE,
  KP_OFFICER,
  keyAdded,
  NACTA,
  NACTA_ADMIN,
  NACTA_ALERTS,
  OFFICER,
  PUNJAB,
  PUNJAB_ADMIN,
  PUNJAB_ALERTS,
  principal,
  ROOTS,
  STRANGER,
  TOKENS_TWO,
  VALID_TO_MS,
} from '#tools/vectors/directory-cast.ts'
import type { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { ed25519Key, type VectorKey } from '#tools/vectors/keys.ts'

const [ROOT_1, ROOT_2] = ROOTS
const BY_ROOTS = [ROOT_1, ROOT_2]
const NEW_KEY = ed25519Key('a new key')

export const enterKeys = async (topic: DirectoryTopic): Promise<void> => {
  const alerts = await keyAdded('alert_signing', KP_ALERTS, { agency: KP })
  const kp = { by: [KP_ADMIN], atMs: day(4) }
  await topic.ignore('an agency’s key by the root keys', 'not-authorised', {
    ...kp,
    by: BY_ROOTS,
    change: alerts,
  })
  await topic.ignore('an agency’s key by another’s administrator', 'not-authorised', {
    ...kp,
    by: [PUNJAB_ADMIN],
    change: alerts,
  })
  await topic.ignore('by its own and another’s administrator', 'not-authorised', {
    ...kp,
    by: [KP_ADMIN, PUNJAB_ADMIN],
    change: alerts,
  })
  await topic.ignore('a key of an unknown agency', 'not-authorised', {
    ...kp,
    change: { ...alerts, agency: agencyId('fia') },
  })
  const bad = (why: string, change: Partial<typeof alerts>) =>
    topic.ignore(why, 'bad-value', { ...kp, change: { ...alerts, ...change } })
  const administrator = principal('ctd-kp/administrator')
  await bad('a principal’s key for alerts', { principal: administrator })
  await bad('a key that is never valid', { validFromMs: day(4), validToMs: day(4) })
  await bad('an agency’s key for authentication', { usage: 'authentication' })
  await bad('an agency’s key for tokens', { usage: 'token_signing' })
  await bad('an agency’s key for the directory', { usage: 'directory_signing' })
  await bad('an Ed25519 key for authentication', {
    usage: 'authentication',
    principal: administrator,
  })
  await bad('an empty key', { key: { algorithm: 'Ed25519', key: new Uint8Array(0) } })
  // Some libraries say that this signature is the key's, over anything: the neutral point, and no S.
  const neutral = Uint8Array.from({ length: 64 }, (_, at) => (at === 0 ? 1 : 0))
  await bad('a key under which one signature fits all messages', {
    key: { algorithm: 'Ed25519', key: neutral.slice(0, 32) },
    possession: neutral,
  })
  await topic.apply('a key for alerts', { ...kp, change: alerts })
  await topic.ignore('the key again', 'already-there', { ...kp, change: alerts })
  await topic.ignore('the key for another agency', 'already-there', {
    ...kp,
    by: [PUNJAB_ADMIN],
    change: { ...alerts, agency: PUNJAB },
  })
  const others = [
    [KP_ALERTS_CARD, 'alert_signing', 'a second key for alerts, on a card'],
    [KP_ALERTS_OLD, 'alert_signing', 'a third'],
    [KP_EXERCISE, 'exercise_signing', 'a key for exercises'],
  ] as const
  for (const [key, usage, why] of others) {
    await topic.apply(why, { ...kp, change: await keyAdded(usage, key, { agency: KP }) })
  }
  await enterOtherAlertKeys(topic)
}

const enterOtherAlertKeys = async (topic: DirectoryTopic): Promise<void> => {
  const punjab = await keyAdded('alert_signing', PUNJAB_ALERTS, { agency: PUNJAB })
  await topic.apply('another agency’s key for alerts', {
    by: [PUNJAB_ADMIN],
    atMs: day(4),
    change: punjab,
  })
  const nacta = await keyAdded('alert_signing', NACTA_ALERTS, { agency: NACTA })
  await topic.apply('a key for alerts that is valid for a year from day 100 on', {
    by: [NACTA_ADMIN],
    atMs: day(4),
    change: { ...nacta, validFromMs: day(100), validToMs: day(465) },
  })
}

export const enterPrincipals = async (topic: DirectoryTopic): Promise<void> => {
  const kp = { by: [KP_ADMIN], atMs: day(5) }
  const beyond = (why: string, change: Partial<typeof OFFICER>) =>
    topic.ignore(why, 'beyond-ceiling', { ...kp, change: { ...OFFICER, ...change } })
  await beyond('clearance above the ceiling', { clearance: 'TOP_SECRET' })
  await beyond('a jurisdiction outside the ceiling', { jurisdictions: ['PK-KP', 'PK-PB'] })
  await topic.ignore('no jurisdiction', 'bad-value', {
    ...kp,
    change: { ...OFFICER, jurisdictions: [] },
  })
  const twice = (why: string, change: Partial<typeof OFFICER>) =>
    topic.ignore(why, 'bad-value', { ...kp, change: { ...OFFICER, ...change } })
  await twice('a jurisdiction twice', { jurisdictions: ['PK-KP', 'PK-KP'] })
  await twice('a caveat twice', { caveats: ['JUVENILE', 'JUVENILE'] })
  await twice('a role twice', { roles: [...OFFICER.roles, ...OFFICER.roles] })
  await topic.ignore('a principal of another agency', 'bad-value', {
    ...kp,
    change: { ...OFFICER, principal: principal('ctd-punjab/duty-officer') },
  })
  await topic.ignore('by the key for alerts', 'not-authorised', {
    ...kp,
    by: [KP_ALERTS],
    change: OFFICER,
  })
  const authentication = await keyAdded('authentication', KP_OFFICER, {
    agency: KP,
    principal: OFFICER.principal,
  })
  await topic.ignore('a key of nobody', 'not-there', { ...kp, change: authentication })
  await topic.apply('a principal', { ...kp, change: OFFICER })
  await topic.apply('its key for authentication', { ...kp, change: authentication })
  await topic.ignore('by a principal who is no administrator', 'not-authorised', {
    ...kp,
    by: [KP_OFFICER],
    change: { ...OFFICER, clearance: 'UNCLASSIFIED' },
  })
  await enterSecondAdministrator(topic)
}

const SECOND: typeof OFFICER = {
  ...OFFICER,
  principal: principal('ctd-kp/second-administrator'),
  clearance: 'UNCLASSIFIED',
  caveats: [],
  roles: [{ realm: 'exercise', role: 'administrator' }],
}

const SECOND_LIVE: typeof SECOND = {
  ...SECOND,
  roles: [{ realm: 'live', role: 'administrator' }],
}

const enterSecondAdministrator = async (topic: DirectoryTopic): Promise<void> => {
  const kp = { by: [KP_ADMIN], atMs: day(6) }
  const key = await keyAdded('directory_signing', KP_ADMIN_TWO, {
    agency: KP,
    principal: SECOND.principal,
  })
  await topic.apply('an administrator of exercises', { ...kp, change: SECOND })
  await topic.apply('and a key for the directory', { ...kp, change: key })
  const promoted = { ...OFFICER, clearance: 'CONFIDENTIAL' } as const
  await topic.ignore('an administrator of exercises has no say', 'not-authorised', {
    ...kp,
    by: [KP_ADMIN_TWO],
    change: promoted,
  })
  await topic.apply('now an administrator', { ...kp, change: SECOND_LIVE })
  await topic.apply('an entry by two administrators', {
    ...kp,
    by: [KP_ADMIN, KP_ADMIN_TWO],
    change: promoted,
  })
  await topic.apply('the second administrator is suspended', {
    ...kp,
    change: { ...SECOND_LIVE, suspended: true },
  })
  await topic.ignore('a suspended administrator has no say', 'not-authorised', {
    ...kp,
    by: [KP_ADMIN_TWO],
    change: OFFICER,
  })
}

export const enterAuditor = async (topic: DirectoryTopic): Promise<void> => {
  const auditor: typeof OFFICER = {
    ...OFFICER,
    agency: NACTA,
    principal: principal('nacta/auditor'),
    clearance: 'RESTRICTED',
    jurisdictions: ['PK'],
    caveats: [],
    roles: [{ realm: 'live', role: 'auditor' }],
  }
  const root = { by: BY_ROOTS, atMs: day(7) }
  const granted = {
    type: 'NationalAuditorSet',
    agency: NACTA,
    principal: auditor.principal,
    realm: 'live',
    granted: true,
  } as const
  await topic.ignore('a national auditor who is not there', 'not-there', {
    ...root,
    change: granted,
  })
  await topic.apply('an auditor', { by: [NACTA_ADMIN], atMs: day(7), change: auditor })
  await topic.ignore('a national auditor by the agency itself', 'not-authorised', {
    by: [NACTA_ADMIN],
    atMs: day(7),
    change: granted,
  })
  await topic.ignore('a national auditor of another agency', 'not-there', {
    ...root,
    change: { ...granted, agency: KP },
  })
  await topic.apply('a national auditor', { ...root, change: granted })
  await topic.apply('what its agency says anew leaves what the root keys granted', {
    by: [NACTA_ADMIN],
    atMs: day(7),
    change: { ...auditor, clearance: 'CONFIDENTIAL' },
  })
}

export const enterRevocations = async (topic: DirectoryTopic): Promise<void> => {
  const revoked = (key: VectorKey, compromisedSinceMs: number | null = null): KeyRevoked => ({
    type: 'KeyRevoked',
    keyId: key.keyId,
    compromisedSinceMs,
  })
  const kp = { by: [KP_ADMIN], atMs: day(8) }
  const root = { by: BY_ROOTS, atMs: day(8) }
  await topic.ignore('an unknown key', 'not-there', { ...kp, change: revoked(STRANGER) })
  await topic.ignore('by another agency', 'not-authorised', {
    ...kp,
    by: [NACTA_ADMIN],
    change: revoked(KP_ALERTS_OLD),
  })
  await topic.ignore('by the root keys', 'not-authorised', {
    ...root,
    change: revoked(KP_ALERTS_OLD),
  })
  await topic.apply('a key is revoked', { ...kp, change: revoked(KP_ALERTS_OLD) })
  await topic.ignore('again', 'already-there', { ...kp, change: revoked(KP_ALERTS_OLD) })
  await topic.apply('it was compromised', { ...kp, change: revoked(KP_ALERTS_OLD, day(7)) })
  await topic.ignore('it was compromised later', 'already-there', {
    ...kp,
    change: revoked(KP_ALERTS_OLD, day(8)),
  })
  await topic.ignore('it was not compromised after all', 'already-there', {
    ...kp,
    change: revoked(KP_ALERTS_OLD),
  })
  await topic.apply('it was compromised earlier', {
    ...kp,
    change: revoked(KP_ALERTS_OLD, day(6)),
  })
  await topic.ignore('a revoked key added again', 'already-there', {
    ...kp,
    change: await keyAdded('alert_signing', KP_ALERTS_OLD, { agency: KP }),
  })
  await topic.apply('an administrator is active again', { ...kp, change: SECOND_LIVE })
  await topic.apply('but its key is revoked', { ...kp, change: revoked(KP_ADMIN_TWO) })
  await topic.ignore('by a revoked key', 'not-authorised', {
    ...kp,
    by: [KP_ADMIN_TWO],
    change: OFFICER,
  })
  await topic.apply('a second key for tokens', {
    ...root,
    change: await keyAdded('token_signing', TOKENS_TWO, { agency: null }),
  })
  await topic.ignore('the hub’s key by an administrator', 'not-authorised', {
    ...kp,
    change: revoked(TOKENS_TWO),
  })
  await topic.apply('the hub’s key by root keys', { ...root, change: revoked(TOKENS_TWO) })
}

export const enterStandings = async (topic: DirectoryTopic): Promise<void> => {
  const standing = (suspended: boolean, agency = PUNJAB) =>
    ({ type: 'AgencyStanding', agency, suspended }) as const
  const root = { by: BY_ROOTS, atMs: day(9) }
  await topic.ignore('an unknown agency', 'not-there', {
    ...root,
    change: standing(true, agencyId('fia')),
  })
  await topic.ignore('by its own administrator', 'not-authorised', {
    ...root,
    by: [PUNJAB_ADMIN],
    change: standing(true),
  })
  await topic.ignore('as it stands already', 'already-there', {
    ...root,
    change: standing(false),
  })
  await topic.apply('an agency is suspended', { ...root, change: standing(true) })
  await topic.ignore('suspended already', 'already-there', { ...root, change: standing(true) })
  const key = await keyAdded('alert_signing', NEW_KEY, { agency: PUNJAB })
  const late = { by: [PUNJAB_ADMIN], atMs: day(10), change: key }
  await topic.ignore('its administrators have no say', 'not-authorised', late)
  await topic.apply('its suspension ends', { ...root, atMs: day(10), change: standing(false) })
  await topic.apply('its administrators have one again', late)
}

export const enterTimes = async (topic: DirectoryTopic): Promise<void> => {
  const key = (name: string, agency = KP) => keyAdded('alert_signing', ed25519Key(name), { agency })
  await topic.ignore('by a key that is no longer valid then', 'not-authorised', {
    by: [KP_ADMIN],
    atMs: VALID_TO_MS,
    change: await key('late'),
  })
  await topic.ignore('earlier than what the root keys entered last', 'time-went-back', {
    by: [KP_ADMIN],
    atMs: day(10) - 1,
    change: await key('early'),
  })
  await topic.apply('an agency may claim a time that is far ahead', {
    by: [NACTA_ADMIN],
    atMs: VALID_TO_MS - 1,
    change: await key('far ahead', NACTA),
  })
  await topic.ignore('but then not go back itself', 'time-went-back', {
    by: [NACTA_ADMIN],
    atMs: VALID_TO_MS - 2,
    change: await key('back', NACTA),
  })
  await topic.apply('which stops no other agency', {
    by: [KP_ADMIN],
    atMs: day(11),
    change: await key('not stopped'),
  })
  await topic.apply('nor the root keys', {
    by: BY_ROOTS,
    atMs: day(11),
    change: { type: 'PolicyActivated', digest: new Uint8Array(32).fill(9) },
  })
}
