import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { LIMITS } from '#core/limits.ts'

/**
 * Files that are whole or not there. Each is written aside, synced and then renamed: whatever
 * crashes, its path holds the old content or the new. When a promise here resolves, the new content
 * survives a loss of power. What a crash leaves aside (`NAME.tmp`) the next write of the same file
 * replaces. A path has one writer at a time: two would take each other's half-written files for
 * their own.
 */

export interface NewFile {
  /** Relative to the folder, with `/`. */
  readonly name: string
  readonly content: Uint8Array | string
}

/** Written by `mode` less the process's mask. The folder is made if it is missing. */
export const writeFileDurably = (
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> => writeFilesDurably(dirname(path), [{ name: basename(path), content }], mode)

/** As `writeFileDurably`, of many files: each appears whole, but not all at one moment. Folders are
 * made as needed and synced once each. */
export const writeFilesDurably = async (
  folder: string,
  files: readonly NewFile[],
  mode = 0o644,
): Promise<void> => {
  const folders = foldersOf(folder, files)
  for (const one of folders) await mkdir(one, { recursive: true })
  try {
    await eachOf(files, ({ name, content }) => writeAside(join(folder, name), content, mode))
    await eachOf(files, ({ name }) => rename(aside(join(folder, name)), join(folder, name)))
  } catch (error) {
    // A key must not stay behind in a file that nobody looks for.
    await eachOf(files, ({ name }) => rm(aside(join(folder, name)), { force: true }))
    throw error
  }
  await eachOf(folders, syncFolder)
}

/** As `writeFileDurably`, but rejects with EEXIST, and changes nothing, if `path` is there. */
export const createFileDurably = async (
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> => {
  try {
    await writeAside(path, content, mode)
    // Unlike a rename, a link never takes the place of what is there.
    await link(aside(path), path)
  } finally {
    await rm(aside(path), { force: true })
  }
  await syncFolder(dirname(path))
}

/** Makes `folder` and those above it that are missing. */
export const makeFolderDurably = async (folder: string, mode = 0o755): Promise<void> => {
  const first = await mkdir(folder, { recursive: true, mode })
  const top = dirname(first ?? folder)
  await eachOf(foldersBetween(top, dirname(folder)), syncFolder)
}

const aside = (path: string): string => `${path}.tmp`

const writeAside = async (
  path: string,
  content: Uint8Array | string,
  mode: number,
): Promise<void> => {
  // Not opened but replaced: what lies there may be a link, or of another mode.
  await rm(aside(path), { force: true })
  const file = await open(aside(path), 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Every folder on the way from `folder` to the files, itself included: a crash of an earlier
 * process may have left any of them made but not synced; syncing what is synced costs little. */
const foldersOf = (folder: string, files: readonly NewFile[]): readonly string[] => {
  const ends = new Set(files.map(({ name }) => dirname(join(folder, name))))
  return [...new Set([...ends].flatMap((end) => foldersBetween(folder, end)))]
}

/** From `top` down to `end`, which lies in it or is it. */
const foldersBetween = (top: string, end: string): readonly string[] => {
  const steps = relative(top, end)
    .split(sep)
    .filter((step) => step !== '')
  return [top, ...steps.map((_, index) => join(top, ...steps.slice(0, index + 1)))]
}

/** A name is durable only when its folder is. Windows cannot sync folders. */
export const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Some at once, so that their syncs share the disk's work. Settles when all have; then rejects as
 * the first that failed. */
const eachOf = async <Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> => {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  const workers = Array.from({ length: LIMITS.fileWritesAtOnceMax }, worker)
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}
