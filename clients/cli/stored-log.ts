import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { UsageError } from '#clients/cli/command.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import { formerLogsOf, trustIn } from '#core/log-trust.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import { parseVerifierKey } from '#core/tlog/verifier-key.ts'

/** Trust in all that the log of this directory has signed, under whatever name and key. */
export const trustInStored = (directory: DirectoryState): LogTrust => {
  const { logVerifierKey: named } = directory
  const logKey = named === null ? null : parseVerifierKey(sha256, named)
  if (logKey === null) throw new UsageError('the directory names no access log')
  return { ...trustIn(logKey, verifySignature), formerKeys: formerLogsOf(directory, sha256) }
}
