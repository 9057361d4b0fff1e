import { sha256 } from '#adapters/crypto/sha256.ts'
import { concatBytes } from '#core/bytes.ts'
import type { Genesis, PolicyActivated } from '#core/directory/entry.ts'
import {
  ALERT_PAYLOAD_TYPE,
  DIRECTORY_PAYLOAD_TYPE,
  envelopeFrom,
  signEnvelope,
} from '#core/envelope.ts'
import { formatVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'
import {
  agencyAdded,
  agencyId,
  day,
  KP,
  KP_ADMIN,
  keyAdded,
  NACTA,
  NACTA_ADMIN,
  PUNJAB,
  PUNJAB_ADMIN,
  principal,
  ROOTS,
  STRANGER,
  TOKENS,
} from '#tools/vectors/directory-cast.ts'
import type { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { bytesFor, ed25519Key } from '#tools/vectors/keys.ts'
import { flipped, NONE } from '#tools/vectors/raw-avro.ts'

const [ROOT_1, ROOT_2, ROOT_3] = ROOTS
const BY_ROOTS = [ROOT_1, ROOT_2]

const GENESIS: Genesis = {
  type: 'Genesis',
  federation: 'Test federation of the vectors',
  rootKeys: ROOTS.map((key) => key.publicKey),
  rootSignaturesMin: 2,
}

const policy = (name: string): PolicyActivated => ({
  type: 'PolicyActivated',
  digest: bytesFor(`policy ${name}`),
})

export const enterGenesis = async (topic: DirectoryTopic): Promise<void> => {
  const genesis = { change: GENESIS, by: BY_ROOTS, atMs: day(0) }
  await topic.ignore('nobody is known before the genesis', 'unknown-signer', {
    ...genesis,
    change: policy('early'),
  })
  await topic.ignore('another genesis than the pinned one', 'not-pinned', {
    ...genesis,
    change: { ...GENESIS, federation: 'Another federation' },
  })
  await topic.ignore('the pinned genesis, signed by too few of its root keys', 'not-authorised', {
    ...genesis,
    by: [ROOT_1],
  })
  await topic.ignore('the pinned genesis, signed by a stranger too', 'unknown-signer', {
    ...genesis,
    by: [ROOT_1, ROOT_2, STRANGER],
  })
  topic.ignoreBytes('bytes that are no envelope', 'malformed', bytesFor('no envelope'))
  await topic.apply('the genesis, whose digest is pinned', genesis)
  const start = { sequence: -1, digest: new Uint8Array(32) }
  await topic.ignore('the genesis again', 'wrong-sequence', genesis, start)
  await topic.ignore(
    'the genesis again, with other signatures',
    'wrong-sequence',
    { ...genesis, by: [ROOT_2, ROOT_3] },
    start,
  )
}

export const enterPolicyAndLog = async (topic: DirectoryTopic): Promise<void> => {
  const activated = { change: policy('1'), by: BY_ROOTS, atMs: day(1) }
  await topic.ignore('by one root key where two must sign', 'not-authorised', {
    ...activated,
    by: [ROOT_3],
  })
  await topic.ignore('by a root key and a stranger', 'unknown-signer', {
    ...activated,
    by: [ROOT_1, STRANGER],
  })
  const { bytes, ...next } = await topic.author(activated)
  topic.ignoreBytes('one bit of a signature is another', 'bad-signature', flipped(bytes, -2))
  topic.ignoreBytes('a byte behind the end', 'malformed', concatBytes(bytes, NONE))
  topic.ignoreBytes('cut before the last byte', 'malformed', bytes.subarray(0, bytes.length - 1))
  const { payload } = envelopeOf(bytes)
  topic.ignoreBytes(
    'in the envelope of an alert',
    'malformed',
    await signEnvelope(ALERT_PAYLOAD_TYPE, payload, BY_ROOTS),
  )
  topic.ignoreBytes(
    'an envelope with another payload in it',
    'malformed',
    await signEnvelope(DIRECTORY_PAYLOAD_TYPE, bytesFor('no payload'), BY_ROOTS),
  )
  await topic.ignore('one step too far ahead', 'wrong-sequence', activated, next)
  await topic.ignore('behind another entry', 'wrong-predecessor', activated, {
    ...topic.end,
    digest: bytesFor('another digest'),
  })
  const early = { ...activated, atMs: day(0) - 1 }
  await topic.ignore('earlier than the genesis', 'time-went-back', early)
  await topic.apply('a policy, by two of three root keys', activated)
  topic.ignoreBytes('the very same entry again', 'wrong-sequence', bytes)
  await topic.apply('another policy in the same moment, by the other root keys', {
    ...activated,
    change: policy('2'),
    by: [ROOT_2, ROOT_3],
  })
  await enterLog(topic)
}

const envelopeOf = (bytes: Uint8Array) => {
  const read = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  if (!read.ok) throw new Error('not an entry')
  return read.value
}

export const LOG = ed25519Key('log')
export const LOG_NAME = 'rabta.example/access'

const enterLog = async (topic: DirectoryTopic): Promise<void> => {
  const by = { by: BY_ROOTS, atMs: day(1) }
  const named = (verifier: string) => ({
    ...by,
    change: { type: 'LogNamed', verifierKey: verifier } as const,
  })
  const ofType = (
    type: 'ed25519' | 'ed25519-cosignature',
    publicKey = LOG.publicKey.key,
  ): string => {
    const key = verifierKey(sha256, LOG_NAME, type, publicKey)
    return key === null ? '' : formatVerifierKey(key)
  }
  const verifier = ofType('ed25519')
  await topic.ignore('a log without a key', 'bad-value', named(LOG_NAME))
  await topic.ignore(
    'a log with a cosigner’s key',
    'bad-value',
    named(ofType('ed25519-cosignature')),
  )
  await topic.ignore('a log’s key under another name', 'bad-value', named(`x${verifier}`))
  await topic.ignore(
    'a log’s key under which anybody signs',
    'bad-value',
    named(ofType('ed25519', new Uint8Array(32))),
  )
  await topic.apply('the access log', named(verifier))
}

export const enterAgencies = async (topic: DirectoryTopic): Promise<void> => {
  const kp = await agencyAdded(KP, 'PK-KP', KP_ADMIN)
  const root = { by: BY_ROOTS, atMs: day(2) }
  const bad = (why: string, change: Partial<typeof kp>) =>
    topic.ignore(why, 'bad-value', { ...root, change: { ...kp, ...change } })
  await bad('an administrator of another agency', {
    administrator: principal('ctd-kpx/administrator'),
  })
  await bad('a home outside the ceiling', {
    ceiling: { classification: 'SECRET', jurisdictions: ['PK-PB'] },
  })
  await bad('no jurisdiction', { ceiling: { classification: 'SECRET', jurisdictions: [] } })
  await bad('a first key that has run out', { validToMs: day(2) })
  await bad('a key of 31 bytes', {
    administratorKey: { algorithm: 'Ed25519', key: KP_ADMIN.publicKey.key.subarray(1) },
  })
  await bad('a key of 32 bytes for an algorithm of 64', {
    administratorKey: { algorithm: 'ES256', key: KP_ADMIN.publicKey.key },
  })
  await topic.ignore('a root key as an administrator’s', 'already-there', {
    ...root,
    change: { ...kp, administratorKey: ROOT_3.publicKey },
  })
  await topic.apply('an agency with its first administrator', { ...root, change: kp })
  const punjab = await agencyAdded(PUNJAB, 'PK-PB', PUNJAB_ADMIN)
  await topic.ignore('the agency again', 'already-there', {
    ...root,
    change: { ...kp, administratorKey: STRANGER.publicKey },
  })
  await topic.ignore('another agency’s key', 'already-there', {
    ...root,
    change: { ...punjab, administratorKey: KP_ADMIN.publicKey },
  })
  await topic.ignore('an agency by another’s administrator', 'not-authorised', {
    ...root,
    by: [KP_ADMIN],
    change: punjab,
  })
  await topic.ignore('an agency by a root key and an administrator', 'not-authorised', {
    ...root,
    by: [ROOT_1, KP_ADMIN],
    change: punjab,
  })
  await topic.apply('a second agency', { ...root, change: punjab })
  const nacta = await agencyAdded(NACTA, 'PK', NACTA_ADMIN)
  const jurisdictions = ['PK', 'PK-KP', 'PK-PB'] as const
  await topic.apply('a federal agency, by all root keys', {
    by: ROOTS,
    atMs: day(2),
    change: { ...nacta, ceiling: { classification: 'TOP_SECRET', jurisdictions } },
  })
}

export const enterHubKeys = async (topic: DirectoryTopic): Promise<void> => {
  const tokens = await keyAdded('token_signing', TOKENS, { agency: null })
  const root = { by: BY_ROOTS, atMs: day(3) }
  await topic.ignore('a hub’s key by an administrator', 'not-authorised', {
    ...root,
    by: [KP_ADMIN],
    change: tokens,
  })
  await topic.ignore('a hub’s key for alerts', 'bad-value', {
    ...root,
    change: { ...tokens, usage: 'alert_signing' },
  })
  await topic.ignore('a hub’s key of a principal', 'bad-value', {
    ...root,
    change: { ...tokens, principal: principal('ctd-kp/administrator') },
  })
  await topic.ignore('an Ed25519 key for tokens', 'bad-value', {
    ...root,
    change: { ...tokens, key: STRANGER.publicKey },
  })
  await topic.apply('the hub’s key for tokens', { ...root, change: tokens })
  const named = agencyId('root')
  const administrator = ed25519Key('administrator of an agency called root')
  const added = await agencyAdded(named, 'PK', administrator)
  await topic.apply('an agency may be called root', { ...root, change: added })
  const key = await keyAdded('alert_signing', ed25519Key('root alerts'), { agency: named })
  await topic.ignore('the root keys are not its administrators', 'not-authorised', {
    ...root,
    change: key,
  })
  await topic.apply('its administrator is', { ...root, by: [administrator], change: key })
}
