import type { DirectoryState } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { trustIn } from '#core/log-trust.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import { formatVerifierKey, type VerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'

/** The key that this service would sign the log with is not the log's. */
export class LogKeyWrong extends Error {
  override readonly name = 'LogKeyWrong'
}

/** Trust in the log as its readers have it: under the key that the directory names, which must be
 * the signer's. Throws `LogKeyWrong`. */
export const logTrustFrom = (parts: {
  readonly logName: string
  readonly signer: Signer
  readonly directory: DirectoryState
  readonly verify: VerifySignature
  readonly sha256: Sha256
}): LogTrust => {
  const { logName, signer, directory, verify, sha256 } = parts
  const { algorithm, key } = signer.publicKey
  const log = algorithm === 'Ed25519' ? verifierKey(sha256, logName, 'ed25519', key) : null
  if (log === null) throw new LogKeyWrong(`${algorithm} cannot sign a log named «${logName}»`)
  const fault = logKeyFault(directory, log)
  if (fault !== null) throw fault
  return trustIn(log, verify)
}

/** Why `log` is not what the directory names the log by; null when it is, or names none. */
export const logKeyFault = (
  { logVerifierKey: named }: DirectoryState,
  log: VerifierKey,
): LogKeyWrong | null =>
  named === null || named === formatVerifierKey(log)
    ? null
    : new LogKeyWrong(`the directory names the log ${named}, the key is ${log.id}’s`)
