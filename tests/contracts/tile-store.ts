import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NewTile, TileConflict, type TileStore } from '#core/ports/tile-store.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { TILE_WIDTH, type TileId } from '#core/tlog/tile.ts'

/** One place for tiles that outlives the stores opened over it. */
export interface TileStoreHarness {
  open(): Promise<TileStore>
  dispose(): Promise<void>
}

/** Registers the tests of every promise in `core/ports/tile-store.ts`. */
export const tileStoreContract = (
  name: string,
  openHarness: () => Promise<TileStoreHarness>,
): void => {
  describe(`${name} keeps the promises of a tile store`, () => {
    let harness: TileStoreHarness
    let store: TileStore

    beforeEach(async () => {
      harness = await openHarness()
      store = await harness.open()
    })
    afterEach(() => harness?.dispose())

    const subject: Subject = { store: () => store, reopened: () => harness.open() }
    describe('tiles', () => tilePromises(subject))
    describe('growth', () => growthPromises(subject))
    describe('refusals', () => refusalPromises(subject))
    describe('the checkpoint', () => checkpointPromises(subject))
  })
}

interface Subject {
  readonly store: () => TileStore
  /** Another store over the same place. */
  readonly reopened: () => Promise<TileStore>
}

const tilePromises = ({ store, reopened }: Subject): void => {
  test('a new store has no tile', async () => {
    expect(await store().read({ level: 0, index: 0, width: 1 })).toBeNull()
    expect(await store().read({ level: 0, index: 0, width: TILE_WIDTH })).toBeNull()
  })

  test('a tile can be read in every width up to its own, and in no wider one', async () => {
    await fc.assert(
      fc.asyncProperty(tileIds(), fc.integer({ min: 1, max: TILE_WIDTH }), async (id, width) => {
        const place = { level: id.level, index: id.index }
        await store().write([{ ...place, bytes: hashes(place, id.width) }])
        const stored = await widthOf(store(), place)
        expect(stored).toBeGreaterThanOrEqual(id.width)
        const expected = width <= stored ? hashes(place, width) : null
        expect(await store().read({ ...place, width })).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test('tiles of all levels and indexes are apart', async () => {
    const places = [
      { level: 0, index: 0 },
      { level: 0, index: 1 },
      { level: 0, index: 1_000 },
      { level: 0, index: 1_234_067 },
      { level: 1, index: 0 },
      { level: 63, index: 0 },
    ]
    await store().write(places.map((place) => ({ ...place, bytes: hashes(place, 3) })))
    const again = await reopened()
    for (const place of places) {
      expect(await again.read({ ...place, width: 3 })).toEqual(hashes(place, 3))
    }
  })

  test('the bytes are the writer’s again afterwards, and the reader’s own', async () => {
    const bytes = hashes(PLACE, 2)
    await store().write([{ ...PLACE, bytes }])
    bytes.fill(0)
    const read = await store().read({ ...PLACE, width: 2 })
    expect(read).toEqual(hashes(PLACE, 2))
    read?.fill(0)
    expect(await store().read({ ...PLACE, width: 2 })).toEqual(hashes(PLACE, 2))
  })

  test('writing nothing is done at once', async () => {
    await store().write([])
  })
}

const growthPromises = ({ store, reopened }: Subject): void => {
  test('however a tile grows, all that was written of it stays readable', async () => {
    const widths = fc.array(fc.integer({ min: 1, max: TILE_WIDTH }), { maxLength: 6 })
    const checkpointed = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })
    let index = 0
    await fc.assert(
      fc.asyncProperty(widths, checkpointed, async (steps, isCheckpointed) => {
        const place = { level: 0, index: index++ }
        for (const [step, width] of steps.entries()) {
          await store().write([{ ...place, bytes: hashes(place, width) }])
          if (isCheckpointed[step]) await store().writeCheckpoint(`step ${step}\n`)
          for (const earlier of steps.slice(0, step + 1)) {
            const tile = { ...place, width: earlier }
            expect(await store().read(tile)).toEqual(hashes(place, earlier))
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a tile can be read at any time while it grows and is checkpointed', async () => {
    await store().write([tileOf(1)])
    let isGrowing = true
    const reading = (async () => {
      const lost: unknown[] = []
      while (isGrowing) {
        const read = await store().read({ ...PLACE, width: 1 })
        if (read?.length !== HASH_BYTES) lost.push(read)
        await new Promise(setImmediate)
      }
      return lost
    })()
    for (let width = 2; width <= TILE_WIDTH; width += 5) {
      await store().write([tileOf(width)])
      await store().writeCheckpoint(`${width}\n`)
    }
    await store().write([tileOf(TILE_WIDTH)])
    await store().writeCheckpoint('full\n')
    isGrowing = false
    expect(await reading).toEqual([])
  })

  test('what is there already, wholly or as a beginning, may be written again', async () => {
    for (const width of [9, 9, 4, TILE_WIDTH, TILE_WIDTH, 7]) {
      await store().write([tileOf(width)])
    }
    const again = await reopened()
    await again.write([tileOf(9), { level: 1, index: 0, bytes: hashes({ level: 1, index: 0 }, 1) }])
    expect(await again.read({ ...PLACE, width: TILE_WIDTH })).toEqual(hashes(PLACE, TILE_WIDTH))
  })

  test('calls that do not wait for each other are carried out in their order', async () => {
    await Promise.all([
      store().write([tileOf(2)]),
      store().writeCheckpoint('first\n'),
      store().write([tileOf(5)]),
      store().write([tileOf(3)]),
      store().writeCheckpoint('second\n'),
    ])
    expect(await store().readCheckpoint()).toBe('second\n')
    expect(await widthOfLast(store())).toBe(5)
  })
}

const refusalPromises = ({ store }: Subject): void => {
  test.each([
    { stored: TILE_WIDTH, written: TILE_WIDTH, path: 'tile/0/000' },
    { stored: TILE_WIDTH, written: 7, path: 'tile/0/000.p/7' },
    { stored: 7, written: TILE_WIDTH, path: 'tile/0/000' },
    { stored: 7, written: 9, path: 'tile/0/000.p/9' },
    { stored: 9, written: 7, path: 'tile/0/000.p/7' },
    { stored: 9, written: 9, path: 'tile/0/000.p/9' },
  ])(
    'a tile of $written hashes that differs from the $stored stored is refused by name',
    async ({ stored, written, path }) => {
      await store().write([tileOf(stored)])
      const bytes = hashes(PLACE, written)
      const last = Math.min(stored, written) * HASH_BYTES - 1
      bytes[last] = (bytes[last] ?? 0) ^ 1
      const writing = store().write([{ ...PLACE, bytes }])
      await expect(writing).rejects.toThrow(TileConflict)
      await expect(writing).rejects.toThrow(path)
      expect(await store().read({ ...PLACE, width: stored })).toEqual(hashes(PLACE, stored))
      expect(await widthOfLast(store())).toBe(stored)
    },
  )

  test('what is no tile is the bug of the caller, and nothing is written', async () => {
    const other = { level: 2, index: 0 }
    const good = { ...other, bytes: hashes(other, 1) }
    const wrong: NewTile[] = [
      { ...PLACE, bytes: new Uint8Array(0) },
      { ...PLACE, bytes: new Uint8Array(HASH_BYTES + 1) },
      { ...PLACE, bytes: new Uint8Array((TILE_WIDTH + 1) * HASH_BYTES) },
      { level: 64, index: 0, bytes: hashes(PLACE, 1) },
      { level: 0, index: -1, bytes: hashes(PLACE, 1) },
      { level: 0, index: 0.5, bytes: hashes(PLACE, 1) },
      { ...other, bytes: hashes(other, 2) },
    ]
    for (const tile of wrong) {
      await expect(store().write([good, tile])).rejects.toThrow(RangeError)
    }
    expect(await store().read({ ...other, width: 1 })).toBeNull()
  })

  test('a refusal does not stand in the way of the next write', async () => {
    await store().write([tileOf(4)])
    await expect(store().write([{ ...PLACE, bytes: new Uint8Array(160) }])).rejects.toThrow()
    await store().write([tileOf(5)])
    expect(await widthOfLast(store())).toBe(5)
  })
}

const checkpointPromises = ({ store, reopened }: Subject): void => {
  test('a new store has none', async () => {
    expect(await store().readCheckpoint()).toBeNull()
  })

  test('the last one written is the one that is read, in every character', async () => {
    await store().writeCheckpoint('a longer one that is to be replaced\n')
    const text = 'log.example/a\n1\nhash\n\n— log.example/a c2lnbmF0dXJl\n'
    await store().writeCheckpoint(text)
    expect(await store().readCheckpoint()).toBe(text)
    expect(await (await reopened()).readCheckpoint()).toBe(text)
  })
}

const PLACE = { level: 0, index: 0 }

const tileOf = (width: number): NewTile => ({ ...PLACE, bytes: hashes(PLACE, width) })

/** The first `width` hashes of a made-up tile: the same for every width, others for each place. */
const hashes = ({ level, index }: Omit<TileId, 'width'>, width: number): Uint8Array =>
  Uint8Array.from(
    { length: width * HASH_BYTES },
    (_, at) => (at * 31 + (at >> 8) * 7 + level * 101 + index * 13) % 256,
  )

const tileIds = (): fc.Arbitrary<TileId> =>
  fc.record({
    level: fc.integer({ min: 0, max: 8 }),
    index: fc.integer({ min: 0, max: 2_000 }),
    width: fc.integer({ min: 1, max: TILE_WIDTH }),
  })

const widthOfLast = (store: TileStore): Promise<number> => widthOf(store, PLACE)

/** How much of the tile is stored: the widest width that can be read. */
const widthOf = async (store: TileStore, place: Omit<TileId, 'width'>): Promise<number> => {
  let [known, unknown] = [0, TILE_WIDTH + 1]
  while (unknown - known > 1) {
    const width = Math.floor((known + unknown) / 2)
    if ((await store.read({ ...place, width })) === null) unknown = width
    else known = width
  }
  return known
}
