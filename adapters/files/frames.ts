import { openSeal } from '#adapters/files/seal.ts'
import { FrameReader } from '#core/frame-reader.ts'
import type { Sha256 } from '#core/hash.ts'

export interface OpenFrames {
  readonly frames: FrameReader
  /** Reads the seal keys again. What was opened with one that is destroyed is forgotten with it. */
  reload(): Promise<void>
}

/** A reader of frames by the seal keys in `folder`. Rejects as `openSeal` does. */
export const openFrames = async (folder: string, sha256: Sha256): Promise<OpenFrames> => {
  const seal = await openSeal(folder)
  const frames = new FrameReader(seal, sha256)
  return {
    frames,
    reload: async () => {
      await seal.reload()
      frames.forget()
    },
  }
}
