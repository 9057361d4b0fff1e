import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { readDirectorySeed, readGenesisDigest } from '#adapters/files/home.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'

/** The directory that a home began with, verified from its pinned genesis, without any hub. */
export const seededDirectory = async (home: string): Promise<DirectoryState> => {
  const genesisDigest = await readGenesisDigest(home)
  const state = new DirectoryState(sha256)
  for (const bytes of await readDirectorySeed(home)) {
    const judged = await judgeEntry(state, bytes, {
      sha256,
      verify: verifySignature,
      genesisDigest,
    })
    if (judged.ok) state.apply(judged.entry, judged.digest)
  }
  return state
}
