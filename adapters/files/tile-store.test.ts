import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileTileStore } from '#adapters/files/tile-store.ts'
import { TileDamaged } from '#core/ports/tile-store.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { TILE_WIDTH, type TileId, tilePath, tilesBetween } from '#core/tlog/tile.ts'
import { tileStoreContract } from '#tests/contracts/tile-store.ts'

tileStoreContract('the file store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rabta-tiles-'))
  return {
    open: () => openFileTileStore(join(folder, 'made', 'when', 'missing')),
    dispose: () => rm(folder, { recursive: true }),
  }
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-tiles-'))
})
afterEach(() => rm(folder, { recursive: true }))

const PLACE = { level: 0, index: 0 }
const tileOf = (width: number) => ({ ...PLACE, bytes: hashesOf({ ...PLACE, width }) })

/** A hash for each place in the log, so that every reader can tell what a tile must hold. */
const hashesOf = ({ level, index, width }: TileId): Uint8Array => {
  const bytes = new Uint8Array(width * HASH_BYTES)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < width; at += 1) {
    view.setUint32(at * HASH_BYTES, level)
    view.setUint32(at * HASH_BYTES + 4, index * TILE_WIDTH + at)
  }
  return bytes
}

const filesIn = async (path: string): Promise<readonly string[]> => {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1)).sort()
}

test('the files lie where C2SP says that a static server finds them', async () => {
  const store = await openFileTileStore(folder)
  await store.write([...tilesBetween(0, 70_000)].map((id) => ({ ...id, bytes: hashesOf(id) })))
  await store.writeCheckpoint('log.example/a\n')
  const expected = [...tilesBetween(0, 70_000)].map(tilePath)
  expect(expected).toContain('tile/0/273.p/112')
  expect(await filesIn(folder)).toEqual(['checkpoint', ...expected].sort())
  expect(await readFile(join(folder, 'tile/1/001.p/17'))).toEqual(
    Buffer.from(hashesOf({ level: 1, index: 1, width: 17 })),
  )
  const far = { level: 0, index: 1_234_067 }
  await store.write([{ ...far, bytes: new Uint8Array(8_192) }])
  expect(await readFile(join(folder, 'tile/0/x001/x234/067'))).toHaveLength(8_192)
})

test('a narrower state goes when a checkpoint is there that no longer needs it', async () => {
  const store = await openFileTileStore(folder)
  await store.write([tileOf(3)])
  await store.writeCheckpoint('3\n')
  await store.write([tileOf(5)])
  expect(await filesIn(folder)).toEqual(['checkpoint', 'tile/0/000.p/3', 'tile/0/000.p/5'])
  await store.writeCheckpoint('5\n')
  expect(await filesIn(folder)).toEqual(['checkpoint', 'tile/0/000.p/5'])
  await store.write([tileOf(TILE_WIDTH)])
  expect(await filesIn(folder)).toEqual(['checkpoint', 'tile/0/000', 'tile/0/000.p/5'])
  await store.writeCheckpoint('256\n')
  await store.write([tileOf(9)])
  expect(await filesIn(folder)).toEqual(['checkpoint', 'tile/0/000'])
})

test('what a crash left behind is passed over, and goes with the next growth', async () => {
  const first = await openFileTileStore(folder)
  await first.write([tileOf(3)])
  await first.write([tileOf(4)])
  await writeFile(join(folder, 'tile/0/000.p/9.tmp'), 'half a ti')
  await writeFile(join(folder, 'tile/0/000.tmp'), 'half a ti')
  const store = await openFileTileStore(folder)
  expect(await store.read({ ...PLACE, width: 9 })).toBeNull()
  expect(await store.read({ ...PLACE, width: 4 })).toEqual(tileOf(4).bytes)
  await store.write([tileOf(TILE_WIDTH)])
  await store.writeCheckpoint('256\n')
  expect(await filesIn(folder)).toEqual(['checkpoint', 'tile/0/000'])
})

test('a tile of a wrong length is named, not served', async () => {
  const store = await openFileTileStore(folder)
  await store.write([tileOf(TILE_WIDTH)])
  await truncate(join(folder, 'tile/0/000'), 8_191)
  const reading = store.read({ ...PLACE, width: 1 })
  await expect(reading).rejects.toThrow(TileDamaged)
  await expect(reading).rejects.toThrow('tile/0/000')
})

test('a tile that is listed but cannot be had is named, not looked for without end', async () => {
  const store = await openFileTileStore(folder)
  await store.write([tileOf(3)])
  await symlink(join(folder, 'nowhere'), join(folder, 'tile/0/000.p/9'))
  await expect(store.read({ ...PLACE, width: 2 })).rejects.toThrow(TileDamaged)
})

// Grows a log by 1 to 99 leaves a step, and says the size of each tree that is checkpointed.
const GROWING = `
  import { openFileTileStore } from '#adapters/files/tile-store.ts'
  import { HASH_BYTES } from '#core/tlog/hash.ts'
  import { TILE_WIDTH, tilesBetween } from '#core/tlog/tile.ts'
  const hashesOf = ${hashesOf}
  const store = await openFileTileStore(process.argv[1])
  for (let size = 0, step = 1; ; step = (step * 7) % 101) {
    const tiles = [...tilesBetween(size, size + step)]
    await store.write(tiles.map((id) => ({ ...id, bytes: hashesOf(id) })))
    size += step
    await store.writeCheckpoint(String(size))
    console.log(size)
  }`

test.each([60, 150, 400])(
  'a process killed after size %i leaves every tile of its checkpoint',
  async (sizeMin) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', GROWING, folder], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = Number(text.trim().split('\n').at(-1))
      if (said >= sizeMin) child.kill('SIGKILL')
    })
    await once(child, 'close')

    const store = await openFileTileStore(folder)
    const size = Number(await store.readCheckpoint())
    expect(said).toBeGreaterThanOrEqual(sizeMin)
    expect(size).toBeGreaterThanOrEqual(said)
    for (const id of tilesBetween(0, size)) {
      expect(await store.read(id)).toEqual(hashesOf(id))
      // As a static reader finds it: by its width in that tree.
      expect(await readFile(join(folder, tilePath(id)))).toEqual(Buffer.from(hashesOf(id)))
    }
  },
)
