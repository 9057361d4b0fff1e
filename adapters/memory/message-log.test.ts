import { type MemoryStore, openMemoryLog } from '#adapters/memory/message-log.ts'
import { messageLogContract } from '#tests/contracts/message-log.ts'

messageLogContract(
  'the memory log',
  async () => {
    const store: MemoryStore = new Map()
    let topics = 0
    return {
      open: async () => openMemoryLog(store),
      uniqueTopic: () => `topic-${topics++}`,
      loseBefore: async (topic, offset) => {
        store.get(topic)?.fill(undefined, 0, offset)
      },
      dispose: async () => store.clear(),
    }
  },
  { appendsWait: false },
)
