import { statfs } from 'node:fs/promises'

/** How many bytes this process may still write to the file system that holds `path`. */
export const freeBytesAt = async (path: string): Promise<number> => {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
