import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BundleId,
  bundlePath,
  bundlesBetween,
  parseBundlePath,
  parseTilePath,
  sliceTile,
  type TileId,
  tilePath,
  tilesBetween,
  tileWidth,
} from '#core/tlog/tile.ts'
import { readVectors } from '#tests/tlog-vectors.ts'

const vectors = readVectors<{
  readonly paths: readonly { Level: number; N: number; W: number; Path: string }[]
  readonly rejected: readonly string[]
}>('tile_paths.json')

describe('paths', () => {
  it('are those of independent libraries, both ways', () => {
    expect(vectors.paths).toHaveLength(214)
    for (const { Level, N, W, Path } of vectors.paths) {
      const place = { index: N, width: W }
      const isBundle = Level === -1
      const tile = { level: Level, ...place }
      expect(isBundle ? bundlePath(place) : tilePath(tile)).toBe(Path)
      expect(parseBundlePath(Path), Path).toEqual(isBundle ? place : null)
      expect(parseTilePath(Path), Path).toEqual(isBundle ? null : tile)
    }
  })

  it.each([
    ...vectors.rejected,
    '',
    'tile/0/000/',
    '/tile/0/000',
    'tile/64/000',
    'tile/0/000.p/1\n',
    'tile/0/000\n',
    'tile/0/000.p/1e1',
    'tile/0/000.p/-1',
    'tile/0/٠٠٠',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x001/x000/x000/x000/x000/x000/000',
    'tile/entries/1',
    'tile/entries/000.p/256',
    'tile/data/000',
  ])('such as %o are refused', (path) => {
    expect(parseTilePath(path)).toBe(null)
    expect(parseBundlePath(path)).toBe(null)
  })

  it('name every tile in exactly one way', () => {
    const place = { index: fc.maxSafeNat(), width: fc.integer({ min: 1, max: 256 }) }
    fc.assert(
      fc.property(fc.record({ level: fc.nat({ max: 63 }), ...place }), (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile)
      }),
    )
    fc.assert(
      fc.property(fc.record(place), (bundle) => {
        expect(parseBundlePath(bundlePath(bundle))).toEqual(bundle)
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^tile\/([0-9x]|entries)\/[0-9x/.p]{1,12}$/), (path) => {
        const tile = parseTilePath(path)
        const bundle = parseBundlePath(path)
        if (tile !== null) expect(tilePath(tile)).toBe(path)
        if (bundle !== null) expect(bundlePath(bundle)).toBe(path)
      }),
    )
  })
})

describe('the tiles of a size', () => {
  const paths = (tiles: Iterable<TileId>) => [...tiles].map(tilePath)
  const bundles = (found: Iterable<BundleId>) => [...found].map(bundlePath)

  it('are the 551 of the independent tree of 70,000 leaves', () => {
    const { tiles } = readVectors<{ tiles: readonly { Path: string }[] }>('tiles70000.json')
    const ours = [...paths(tilesBetween(0, 70_000)), ...bundles(bundlesBetween(0, 70_000))]
    expect(ours).toHaveLength(551)
    expect(ours.toSorted()).toEqual(tiles.map(({ Path }) => Path).toSorted())
  })

  it('include the partial tile of one hash above 256 leaves', () => {
    expect(paths(tilesBetween(0, 256))).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect(paths(tilesBetween(0, 255))).toEqual(['tile/0/000.p/255'])
    expect(paths(tilesBetween(0, 0))).toEqual([])
  })

  it('between two sizes are those that are new or wider', () => {
    expect(paths(tilesBetween(255, 257))).toEqual([
      'tile/0/000',
      'tile/0/001.p/1',
      'tile/1/000.p/1',
    ])
    expect(paths(tilesBetween(256, 257))).toEqual(['tile/0/001.p/1'])
    expect(paths(tilesBetween(70_000, 70_000))).toEqual([])
    expect(paths(tilesBetween(70_001, 70_000))).toEqual([])
    expect(bundles(bundlesBetween(511, 513))).toEqual(['tile/entries/001', 'tile/entries/002.p/1'])
    expect(bundles(bundlesBetween(512, 512))).toEqual([])
  })

  it('are what one had before, replaced and completed by what came since', () => {
    const size = fc.nat({ max: 200_000 })
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [oldSize, newSize] = a < b ? [a, b] : [b, a]
        const held = new Map<string, number>()
        for (const step of [tilesBetween(0, oldSize), tilesBetween(oldSize, newSize)]) {
          for (const { level, index, width } of step) {
            expect(width).toBeGreaterThan(held.get(`${level}/${index}`) ?? 0)
            held.set(`${level}/${index}`, width)
          }
        }
        const whole = [...tilesBetween(0, newSize)]
        expect(held.size).toBe(whole.length)
        for (const { level, index, width } of whole) {
          expect(held.get(`${level}/${index}`)).toBe(width)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('are right where 32 bits end', () => {
    const size = 2 ** 40 + 2 ** 31 + 257
    expect(paths(tilesBetween(size - 1, size))).toEqual(['tile/0/x004/x303/x355/905.p/1'])
    const last = 2 ** 53 - 1
    expect(paths(tilesBetween(last - 1, last))).toEqual(['tile/0/x035/x184/x372/x088/831.p/255'])
    expect(tileWidth(6, 0, last)).toBe(31)
    expect(tileWidth(7, 0, last)).toBe(0)
  })

  it('have a width of nothing where there is no tile', () => {
    expect(tileWidth(0, 273, 70_000)).toBe(112)
    expect(tileWidth(0, 272, 70_000)).toBe(256)
    expect(tileWidth(0, 274, 70_000)).toBe(0)
    expect(tileWidth(63, 0, 70_000)).toBe(0)
    expect(tileWidth(0, 2 ** 53 - 1, 70_000)).toBe(0)
  })
})

describe('a stored tile', () => {
  const stored = new Uint8Array(3 * 32).map((_, index) => index)

  it('serves any width that it has, and no more', () => {
    expect(sliceTile(stored, 3)).toEqual(stored)
    expect(sliceTile(stored, 2)).toEqual(stored.slice(0, 64))
    expect(sliceTile(stored, 4)).toBe(null)
    expect(sliceTile(stored.subarray(0, 95), 3)).toBe(null)
  })
})
