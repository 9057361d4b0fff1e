import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { readDirectorySeed, readGenesisDigest } from '#adapters/files/home.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { PartsOptions } from '#core/service-parts.ts'

/** What every process of the hub stands on: this machine's clock and chance, and its home. */
export const partsOptions = async (
  home: string,
  log: MessageLog,
  onAlarm: OnAlarm,
): Promise<PartsOptions> => ({
  log,
  onAlarm,
  verify: verifySignature,
  sha256,
  random: randomBytes,
  clock: systemClock,
  genesisDigest: await readGenesisDigest(home),
  directorySeed: await readDirectorySeed(home),
})
