import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Given } from '#clients/cli/command.ts'

/** The draft that the first word names; `-`: what comes on standard input. */
export const readDraft = async (given: Given): Promise<string> => {
  const [file = ''] = given.words
  return file === '-' ? textOf(process.stdin) : readFile(file, 'utf8')
}
