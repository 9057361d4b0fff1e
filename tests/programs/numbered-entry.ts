import { utf8 } from '#core/bytes.ts'

/** The entry that the writing program appends at `offset`: its bytes say where they belong. */
export const numberedEntry = (topic: string, offset: number): Uint8Array =>
  utf8(`${topic} ${offset} `.repeat(1 + (offset % 97)))
