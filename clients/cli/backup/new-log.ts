import { readFile, writeFile } from 'node:fs/promises'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths, readGenesisDigest } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { UsageError } from '#clients/cli/command.ts'
import { FAULTS } from '#clients/cli/directory-words.ts'
import { openAccessLog } from '#core/access-log.ts'
import { base64, fromBase64, hex } from '#core/bytes.ts'
import { authorEntry } from '#core/directory/author.ts'
import type { DirectoryEntry } from '#core/directory/entry.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import type { SignedCheckpoint } from '#core/last-checkpoint.ts'
import { LIMITS } from '#core/limits.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { formatVerifierKey, parseVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { uuidFromRandom } from '#core/uuid.ts'

/** How a log that nothing vouches for goes on under another name. */
export type NewLog =
  /** Root keys on this machine sign its name. */
  | { readonly how: 'sign'; readonly name: string; readonly keyFiles: readonly string[] }
  /** Others sign it: the entry is written to a file, and nothing is restored. */
  | {
      readonly how: 'begin'
      readonly name: string
      readonly keyFiles: readonly string[]
      readonly toSign: string
    }
  /** The entry that was signed. */
  | { readonly how: 'enter'; readonly signed: string }

/** The root-signed entry that names the log anew, with the hub's own key as before. */
export const namingEntry = async (
  home: string,
  directory: DirectoryState,
  newLog: NewLog,
): Promise<Uint8Array> => {
  if (newLog.how === 'enter') {
    const bytes = fromBase64((await readFile(newLog.signed, 'utf8')).trim())
    if (bytes === null) throw new UsageError(`${newLog.signed} is not what --to-sign writes`)
    return bytes
  }
  const { name, keyFiles } = newLog
  const { publicKey } = openSigner(await readKeyFile(homePaths(home).logKey))
  const isEd25519 = publicKey.algorithm === 'Ed25519'
  const log = isEd25519 ? verifierKey(sha256, name, 'ed25519', publicKey.key) : null
  if (log === null) throw new UsageError(`a log cannot be named «${name}»`)
  const signers = await Promise.all(
    keyFiles.map(async (file) => openSigner(await readKeyFile(file))),
  )
  const change = { type: 'LogNamed', verifierKey: formatVerifierKey(log) } as const
  const by = { signers, enteredAtMs: systemClock.nowMs(), sha256 }
  const { bytes } = await authorEntry(directory, change, by)
  if (newLog.how === 'begin') await writeFile(newLog.toSign, `${base64(bytes)}\n`, { flag: 'wx' })
  return bytes
}

/**
 * Puts the entry behind the restored directory, and behind the restored records one that quotes
 * what was signed under the former name. Resolves with the log's new name. Rejects with UsageError
 * for an entry that the directory would ignore.
 */
export const nameLogAnew = async (
  home: string,
  log: MessageLog,
  directory: DirectoryState,
  { bytes, former }: { readonly bytes: Uint8Array; readonly former: SignedCheckpoint },
): Promise<string> => {
  const genesisDigest = await readGenesisDigest(home)
  const judged = await judgeEntry(directory, bytes, {
    sha256,
    verify: verifySignature,
    genesisDigest,
  })
  if (!judged.ok) throw new UsageError(`the entry would be ignored: ${FAULTS[judged.fault]}`)
  const name = newNameIn(judged.entry, former.origin)
  await log.append(DIRECTORY_TOPIC, [bytes])
  const { sequence } = judged.entry
  const clock = systemClock
  const records = openAccessLog({ log, clock, random: randomBytes, sha256, service: 'AUDIT' })
  await records.append([
    {
      requestId: uuidFromRandom(randomBytes(16)),
      realm: 'live',
      principal: null,
      agency: null,
      action: 'DIRECTORY',
      outcome: 'ALLOWED',
      alert: null,
      reasons: quoteOf(former),
      policyDigest: directory.policyDigest,
      directory: { sequence, digest: judged.digest },
      purpose: null,
      searchTerms: null,
    },
  ])
  return name
}

/** Size and root of a checkpoint as a record's reasons: codes have 64 characters at most. */
const quoteOf = ({ size, root }: SignedCheckpoint): readonly string[] => {
  const digits = hex(root)
  const halves = [digits.slice(0, digits.length / 2), digits.slice(digits.length / 2)]
  return ['log-restored', `former-size-${size}`, ...halves.map((half) => `former-root-${half}`)]
}

const newNameIn = ({ change, enteredAtMs }: DirectoryEntry, formerName: string): string => {
  const key = change.type === 'LogNamed' ? parseVerifierKey(sha256, change.verifierKey) : null
  if (key === null) throw new UsageError('the entry names no log')
  // Under the former name, be it with another key, the log would have two histories.
  if (key.name === formerName) throw new UsageError(`the log’s former name was ${formerName}`)
  if (Math.abs(enteredAtMs - systemClock.nowMs()) > LIMITS.enteredAtSkewMsMax) {
    throw new UsageError('the entry was begun too long ago: begin it again with --to-sign')
  }
  return key.name
}
