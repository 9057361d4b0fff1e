/**
 * `node append-forever.ts DATABASE TOPIC…` appends numbered entries to an embedded log until it is
 * killed, and prints `TOPIC OFFSET` for each that was acknowledged.
 */
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { numberedEntry } from '#tests/programs/numbered-entry.ts'

const CALLERS_OF_A_TOPIC = 8

const [path = '', ...topics] = process.argv.slice(2)
const log = openSqliteLog({ path })
await log.ensureTopics(topics)

const appendForever = async (topic: string, firstFree: number): Promise<never> => {
  let next = firstFree
  const caller = async (): Promise<never> => {
    for (;;) {
      const count = 1 + (next % 3)
      const entries = Array.from({ length: count }, (_, n) => numberedEntry(topic, next + n))
      next += count
      for (const offset of await log.append(topic, entries)) {
        process.stdout.write(`${topic} ${offset}\n`)
      }
    }
  }
  return Promise.race(Array.from({ length: CALLERS_OF_A_TOPIC }, caller))
}

await Promise.race(topics.map(async (topic) => appendForever(topic, await log.head(topic))))
