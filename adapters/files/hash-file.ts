import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** The length and SHA-256, hexadecimal, of a file of any size. */
export const hashFile = async (
  path: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> => {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of createReadStream(path)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest('hex') }
}
