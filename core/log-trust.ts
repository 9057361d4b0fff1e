import type { VerifySignature } from '#core/key.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import type { VerifierKey } from '#core/tlog/verifier-key.ts'

/** Trust in a log by its verifier key, without cosigners. */
export const trustIn = (log: VerifierKey, verify: VerifySignature): LogTrust => ({
  log,
  cosigners: [],
  verifiers: {
    ed25519: (key, message, signature) => verify({ algorithm: 'Ed25519', key }, message, signature),
  },
})
