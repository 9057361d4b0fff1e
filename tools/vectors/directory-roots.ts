import { sha256 } from '#adapters/crypto/sha256.ts'
import type { DirectoryChange, RootKeysChanged } from '#core/directory/entry.ts'
import { provePossession } from '#core/directory/possession.ts'
import { formatVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'
import { agencyAdded, agencyId, day, KP_ALERTS, ROOTS } from '#tools/vectors/directory-cast.ts'
import { LOG, LOG_NAME } from '#tools/vectors/directory-founding.ts'
import type { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { bytesFor, ed25519Key, es256Key, type VectorKey } from '#tools/vectors/keys.ts'

const [ROOT_1, ROOT_2, ROOT_3] = ROOTS
const ROOT_4 = es256Key('root 4')
const ROOT_OWNER = { agency: null, principal: null, usage: 'root' } as const
const AT = { by: [ROOT_1, ROOT_2], atMs: day(22) }

const proven = async (key: VectorKey) => ({
  key: key.publicKey,
  possession: await provePossession(key, ROOT_OWNER),
})

export const enterRootKeys = async (topic: DirectoryTopic): Promise<void> => {
  const added = [await proven(ROOT_4)]
  const change: RootKeysChanged = {
    type: 'RootKeysChanged',
    added,
    removed: [ROOT_1.keyId],
    rootSignaturesMin: 1,
  }
  const unlike = (
    why: string,
    fault: Parameters<typeof topic.ignore>[1],
    changes: Partial<RootKeysChanged>,
  ) => topic.ignore(why, fault, { ...AT, change: { ...change, ...changes } })
  await topic.ignore('root keys by one of them', 'not-authorised', { ...AT, by: [ROOT_1], change })
  await unlike('a removed key that is no root key', 'not-there', { removed: [KP_ALERTS.keyId] })
  await unlike('a root key that is one', 'already-there', { added: [await proven(ROOT_3)] })
  await unlike('an agency’s key', 'already-there', { added: [await proven(KP_ALERTS)] })
  await unlike('a key added twice', 'bad-value', { added: [...added, ...added] })
  await unlike('a key removed twice', 'bad-value', { removed: [ROOT_1.keyId, ROOT_1.keyId] })
  await unlike('no signature needed', 'bad-value', { rootSignaturesMin: 0 })
  await unlike('more signatures than keys', 'bad-value', { rootSignaturesMin: 4 })
  const many = await Promise.all([1, 2, 3, 4, 5].map((nth) => proven(ed25519Key(`spare ${nth}`))))
  await unlike('more signatures than an entry holds', 'bad-value', {
    added: many,
    rootSignaturesMin: 5,
  })
  await unlike('eight root keys', 'bad-value', { added: many, removed: [] })
  await unlike('no root key left', 'bad-value', {
    added: [],
    removed: ROOTS.map(({ keyId }) => keyId),
  })
  const same = { added: [], removed: [], rootSignaturesMin: 2 }
  await unlike('all as it is', 'already-there', same)
  const asTokens = { ...ROOT_OWNER, usage: 'token_signing' } as const
  const possession = await provePossession(ROOT_4, asTokens)
  await unlike('a key that is proven for tokens', 'no-possession', {
    added: [{ key: ROOT_4.publicKey, possession }],
  })
  const cut = { ...change, removed: [ROOT_1.keyId.slice(1)] } as unknown as DirectoryChange
  await topic.ignore('a removed key’s id cut by a character', 'malformed', { ...AT, change: cut })
  await topic.apply('a root key takes another’s place, and one may sign', { ...AT, change })
  await enterFormerRoot(topic)
}

const enterFormerRoot = async (topic: DirectoryTopic): Promise<void> => {
  const policy = { type: 'PolicyActivated', digest: bytesFor('policy 3') } as const
  await topic.ignore('by a former root key', 'not-authorised', {
    ...AT,
    by: [ROOT_1, ROOT_2],
    change: policy,
  })
  await topic.apply('by one root key', { ...AT, by: [ROOT_4], change: policy })
  const back = {
    type: 'RootKeysChanged',
    added: [await proven(ROOT_1)],
    removed: [],
    rootSignaturesMin: 1,
  } as const
  const fewer = { ...back, added: [], removed: [ROOT_3.keyId] }
  await topic.ignore('root keys by one of three', 'not-authorised', {
    ...AT,
    by: [ROOT_4],
    change: fewer,
  })
  const most = { ...AT, by: [ROOT_2, ROOT_4] }
  await topic.ignore('a former root key again', 'already-there', { ...most, change: back })
  await topic.ignore('a former root key as an administrator’s', 'already-there', {
    ...most,
    change: await agencyAdded(agencyId('fia'), 'PK', ROOT_1),
  })
  await topic.apply('a root key is removed', { ...most, change: fewer })
  await topic.ignore('root keys by one of two', 'not-authorised', {
    ...AT,
    by: [ROOT_4],
    change: { ...back, added: [], removed: [ROOT_2.keyId] },
  })
}

export const enterLogKeys = async (topic: DirectoryTopic): Promise<void> => {
  const named = (key: VectorKey): DirectoryChange => {
    const log = verifierKey(sha256, LOG_NAME, 'ed25519', key.publicKey.key)
    return { type: 'LogNamed', verifierKey: log === null ? '' : formatVerifierKey(log) }
  }
  const root = { by: [ROOT_2], atMs: day(23) }
  await topic.ignore('the log’s key again', 'already-there', { ...root, change: named(LOG) })
  await topic.apply('another key of the log', { ...root, change: named(ed25519Key('log, second')) })
  await topic.ignore('its former key again', 'already-there', { ...root, change: named(LOG) })
}
