import type { Random } from '#tests/fuzz/random.ts'

/**
 * How far an input came: `refused` by the reader; `read`, and refused for what it means or who
 * signed it; or `accepted`.
 */
export type Verdict = 'refused' | 'read' | 'accepted'

/** Something that takes bytes from strangers. */
export interface Target {
  readonly name: string
  /** How many of a thousand inputs of all targets it gets. */
  readonly weight: number
  /** Of processor time, for one call; usually 50. */
  readonly cpuMsMax?: number
  make(random: Random): Uint8Array
  /**
   * Gives the input to what is tried. Throws `Broken` when an oracle says no; whatever else is
   * thrown is a finding as well, so a target catches only what its subject promises to throw.
   */
  take(bytes: Uint8Array): Verdict | Promise<Verdict>
}

/** An oracle's no. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export const broken = (oracle: string): never => {
  throw new Broken(oracle)
}

/** Holds what is accepted against its encoding. */
export const sameBytes = (a: Uint8Array, b: Uint8Array, oracle: string): void => {
  if (Buffer.compare(a, b) !== 0) broken(oracle)
}
