import { type MemoryTiles, openMemoryTileStore } from '#adapters/memory/tile-store.ts'
import { tileStoreContract } from '#tests/contracts/tile-store.ts'

tileStoreContract('the memory store', async () => {
  const memory: MemoryTiles = { tiles: new Map(), checkpoint: null }
  return {
    open: async () => openMemoryTileStore(memory),
    dispose: async () => memory.tiles.clear(),
  }
})
