/**
 * Where a client keeps the last checkpoint that it verified: what makes a rewritten log show.
 * Whoever can change it can hide a fork from this client, so keep it apart from the hub. Two
 * processes may share one; where both save at once, the older of two true checkpoints may stay.
 */
export interface CheckpointMemory {
  /** The text that was saved last; null before the first. */
  load(): Promise<string | null>
  /** Resolves when `text` is kept in the place of what was there, whole. */
  save(text: string): Promise<void>
}

/** Forgets with the process: then each start believes the log's word for what was before. */
export const forgetfulMemory = (): CheckpointMemory => {
  let kept: string | null = null
  return {
    load: async () => kept,
    save: async (text) => {
      kept = text
    },
  }
}
