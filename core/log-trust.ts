import type { DirectoryState } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import { parseVerifierKey, type VerifierKey } from '#core/tlog/verifier-key.ts'

/** Trust in a log by its verifier key, without cosigners. */
export const trustIn = (log: VerifierKey, verify: VerifySignature): LogTrust => ({
  log,
  cosigners: [],
  verifiers: {
    ed25519: (key, message, signature) => verify({ algorithm: 'Ed25519', key }, message, signature),
  },
})

/** The keys that the directory named the log by before, under the name that it has now. */
export const formerKeysOf = (
  { formerLogKeys }: Pick<DirectoryState, 'formerLogKeys'>,
  log: VerifierKey,
  sha256: Sha256,
): readonly VerifierKey[] =>
  formerLogKeys.flatMap((text) => {
    const key = parseVerifierKey(sha256, text)
    return key !== null && key.name === log.name ? [key] : []
  })

/** All keys that the directory named the log by before, also under other names: the tree of a log
 * that was named anew goes on where the former one was, so what that one signed still holds. */
export const formerLogsOf = (
  { formerLogKeys }: Pick<DirectoryState, 'formerLogKeys'>,
  sha256: Sha256,
): readonly VerifierKey[] => formerLogKeys.flatMap((text) => parseVerifierKey(sha256, text) ?? [])
