import { sha256 } from '#adapters/crypto/sha256.ts'
import { type AuthoredEntry, authorEntry } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import type { Signer } from '#core/ports/signer.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import type { TestHub } from '#tests/test-hub.ts'

/** An entry behind the hub's directory as it is now; authorised or not, as the test chooses. */
export const nextEntry = (
  hub: TestHub,
  signer: Signer,
  change: DirectoryChange,
): Promise<AuthoredEntry> => {
  const { sequence, digest } = hub.hub.parts.directory.state
  const by = { signers: [signer], enteredAtMs: Date.now(), sha256 }
  return authorEntry({ sequence, digest }, change, by)
}

/** Enters it into the topic; resolves when the hub has judged it. */
export const enter = async (
  hub: TestHub,
  signer: Signer,
  change: DirectoryChange,
): Promise<void> => {
  const { bytes } = await nextEntry(hub, signer, change)
  await hub.hub.parts.log.append(DIRECTORY_TOPIC, [bytes])
  await hub.hub.parts.directory.catchUp()
}
