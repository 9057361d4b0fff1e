import { readFile } from 'node:fs/promises'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { openRedisGuardStore } from '#adapters/redis/guard-store.ts'
import type { GuardSettings } from '#core/guard-settings.ts'
import type { GuardStore } from '#core/ports/guard.ts'

/** Opens the store that the settings name. Rejects when a file of theirs cannot be used, not when
 * the server is away. */
export const openRedis = async (settings: GuardSettings): Promise<GuardStore> => {
  const { host, port, database, user, prefix, isEncrypted, passwordFile, ca } = settings
  return openRedisGuardStore({
    host,
    port,
    database,
    user,
    prefix,
    password: passwordFile && (await readKeyFile(passwordFile)).trim(),
    tls: isEncrypted ? { ...(ca && { ca: await readFile(ca, 'utf8') }) } : null,
  })
}
