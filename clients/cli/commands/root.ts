import { readFile, writeFile } from 'node:fs/promises'
import { publicKeyFrom } from '#adapters/crypto/public-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths, readFederation } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import {
  ENTER_OPTIONS,
  type Entering,
  enter,
  entryInWords,
  principalFrom,
} from '#clients/cli/enter.ts'
import { count, identityFrom, optionalText, text } from '#clients/cli/identity.ts'
import { givenKey } from '#clients/cli/new-key.ts'
import { sendEntry } from '#clients/sdk/enter-change.ts'
import { base64, fromBase64 } from '#core/bytes.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import {
  begunEnvelopeFrom,
  countersign,
  DIRECTORY_PAYLOAD_TYPE,
  digestOf,
  type Envelope,
} from '#core/envelope.ts'
import { isKeyId, type KeyId } from '#core/key.ts'
import { agencyOf } from '#core/principal.ts'
import { isRealm } from '#core/realm.ts'
import { formatVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'

const ABOUT = {
  'grant-auditor': { words: 1, run: auditor(true) },
  'withdraw-auditor': { words: 1, run: auditor(false) },
  'change-keys': { words: 0, run: changeKeys },
  'name-log': { words: 0, run: nameLog },
  send: { words: 1, run: send },
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const rootCommand: Command = {
  name: 'root',
  summary: 'What only root keys say: national auditors, the root keys themselves, the log’s key.',
  words:
    'grant-auditor | withdraw-auditor AGENCY/NAME | change-keys | name-log | sign FILE | send FILE',
  wordsMin: 1,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    in: { type: 'string', value: 'REALM', help: 'auditor: of which realm.', default: 'live' },
    add: { type: 'string', value: 'FILE[,FILE]', help: 'change-keys: new root keys.' },
    possession: {
      type: 'string',
      value: 'FILE[,FILE]',
      help: 'change-keys: what key prove --usage root made of each, where they are public keys.',
    },
    remove: { type: 'string', value: 'KEY-ID[,KEY-ID]', help: 'change-keys: who go for ever.' },
    'signatures-min': {
      type: 'string',
      value: 'N',
      help: 'change-keys: how many sign a root entry from then on; as it is without it.',
    },
    'log-key': { type: 'string', value: 'FILE', help: 'name-log: the log’s new Ed25519 key.' },
    'log-name': {
      type: 'string',
      value: 'NAME',
      help: 'name-log: that of federation.json without it; another name is another log.',
    },
  },
  examples: [
    'rabta root grant-auditor nacta/inspector --as nacta/coordinator --key root-1.pem,root-2.pem',
    'rabta root change-keys --add root-3.pub.pem --possession root-3.proof --remove KEY-ID …',
    'rabta root name-log --log-key log.pub.pem --as nacta/coordinator --key root.pem',
  ],
  run: async (given, io) => {
    const [name = '', word] = given.words
    if (name === 'sign' && word !== undefined) return sign(given, io, word)
    if (!isAbout(name) || (word === undefined ? 0 : 1) !== ABOUT[name].words) {
      throw new UsageError(`rabta root takes ${rootCommand.words}`)
    }
    return ABOUT[name].run({ given, io, who: await identityFrom(given) }, word ?? '')
  },
}

function auditor(granted: boolean) {
  return (entering: Entering, word: string): Promise<ExitCode> => {
    const principal = principalFrom(word)
    const realm = text(entering.given, 'in')
    if (!isRealm(realm)) throw new UsageError('--in must be live or exercise')
    const agency = agencyOf(principal)
    const change = { type: 'NationalAuditorSet', agency, principal, realm, granted } as const
    return enterAsRoot(entering, () => change)
  }
}

async function changeKeys(entering: Entering): Promise<ExitCode> {
  const { given } = entering
  const proofs = listOf(given, 'possession')
  const files = listOf(given, 'add')
  const owner = { agency: null, principal: null, usage: 'root' } as const
  const added = await Promise.all(files.map((file, at) => givenKey(file, proofs[at], owner)))
  const removed = listOf(given, 'remove').map(keyIdFrom)
  return enterAsRoot(entering, (state) => ({
    type: 'RootKeysChanged',
    added,
    removed,
    rootSignaturesMin:
      optionalText(given, 'signatures-min') === undefined
        ? state.rootSignaturesMin
        : count(given, 'signatures-min'),
  }))
}

async function nameLog(entering: Entering): Promise<ExitCode> {
  const { given, io, who } = entering
  const file = text(given, 'log-key')
  const { algorithm, key } = publicKeyFrom(await readFile(file, 'utf8'))
  const name = optionalText(given, 'log-name') ?? (await readFederation(who.home)).logName
  const log = algorithm === 'Ed25519' ? verifierKey(who.session.sha256, name, 'ed25519', key) : null
  if (log === null) throw new UsageError(`${file} cannot sign a log named «${name}»`)
  const change = { type: 'LogNamed', verifierKey: formatVerifierKey(log) } as const
  const exit = await enterAsRoot(entering, () => change)
  io.say('now the audit service signs nothing until it is started again with that key\n')
  return exit
}

/** Where the key lies, without a hub. Without --key it only shows what would be signed. */
async function sign(given: Given, io: Io, file: string): Promise<ExitCode> {
  const envelope = await entryFrom(file)
  const digest = digestOf(envelope, sha256)
  const keyFile = optionalText(given, 'key')
  if (keyFile === undefined) {
    const bytes = await encodedFrom(file)
    io.out(entryInWords({ bytes, digest }, sha256, 'Not signed here yet'))
    io.say('compare the digest with the others, then sign it with --key FILE\n')
    return EXIT.ok
  }
  const bytes = await countersign(envelope, openSigner(await readKeyFile(keyFile)))
  await writeFile(file, `${base64(bytes)}\n`)
  io.out(entryInWords({ bytes, digest }, sha256, 'Signed'))
  return EXIT.ok
}

async function send({ io, who }: Entering, file: string): Promise<ExitCode> {
  const bytes = await encodedFrom(file)
  io.out(entryInWords(await sendEntry(who.session, bytes), sha256))
  return EXIT.ok
}

const encodedFrom = async (file: string): Promise<Uint8Array> => {
  const bytes = fromBase64((await readFile(file, 'utf8')).trim())
  if (bytes === null) throw new UsageError(`${file} is not what --to-sign writes`)
  return bytes
}

const entryFrom = async (file: string): Promise<Envelope> => {
  const envelope = begunEnvelopeFrom(await encodedFrom(file), DIRECTORY_PAYLOAD_TYPE)
  const isEntry = envelope.ok && decodeDirectoryEntry(envelope.value.payload) !== null
  if (!isEntry) throw new UsageError(`${file} is not what --to-sign writes`)
  return envelope.value
}

const enterAsRoot = (
  entering: Entering,
  change: (state: DirectoryState) => DirectoryChange,
): Promise<ExitCode> => enter(entering, change, homePaths(entering.who.home).rootKey)

const listOf = (given: Given, name: string): readonly string[] =>
  optionalText(given, name)?.split(',') ?? []

const keyIdFrom = (word: string): KeyId => {
  if (!isKeyId(word)) throw new UsageError(`«${word}» is no key id: see rabta directory show`)
  return word
}
