import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { readDirectorySeed, readGenesisDigest } from '#adapters/files/home.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { readRange } from '#core/read-range.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'

/** The directory that a home began with, verified from its pinned genesis, without any hub. */
export const seededDirectory = async (home: string): Promise<DirectoryState> =>
  directoryOf(home, await readDirectorySeed(home))

/** The directory as the topic in `log` has it, verified likewise. */
export const storedDirectory = async (home: string, log: MessageLog): Promise<DirectoryState> => {
  const entries: Uint8Array[] = []
  const to = await log.head(DIRECTORY_TOPIC)
  for await (const batch of readRange(log, DIRECTORY_TOPIC, { from: 0, to })) {
    entries.push(...batch.map(({ value }) => value))
  }
  return directoryOf(home, entries)
}

const directoryOf = async (
  home: string,
  entries: readonly Uint8Array[],
): Promise<DirectoryState> => {
  const genesisDigest = await readGenesisDigest(home)
  const state = new DirectoryState(sha256)
  const deps = { sha256, verify: verifySignature, genesisDigest }
  for (const bytes of entries) {
    const judged = await judgeEntry(state, bytes, deps)
    if (judged.ok) state.apply(judged.entry, judged.digest)
  }
  return state
}
