import type { DirectoryKey } from '#core/directory/state.ts'

/** Tokens under this key would be refused by everybody, so none is issued. */
export class TokenKeyUnusable extends Error {
  override readonly name = 'TokenKeyUnusable'
}

/** Why tokens may not be signed with this key now; null when they may. */
export const tokenKeyFault = (key: DirectoryKey | undefined, nowMs: number): string | null => {
  if (key === undefined) return 'not in the directory: enter it first'
  if (key.usage !== 'token_signing') return `a key for ${key.usage}`
  if (key.revoked !== null) return 'revoked'
  return key.validFromMs <= nowMs && nowMs < key.validToMs ? null : 'not valid now'
}
