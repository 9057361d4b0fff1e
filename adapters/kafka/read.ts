import { BrokerFault, ERRORS, type FetchClient } from '#adapters/kafka/fetch.ts'
import { goneFrom } from '#adapters/kafka/follow.ts'
import { patiently } from '#adapters/kafka/patience.ts'
import { LIMITS } from '#core/limits.ts'
import type { LogEntry } from '#core/ports/message-log.ts'

interface Range {
  readonly topic: string
  readonly from: number
  readonly limit: number
}

/** One `read` of the port: asks until the limit, the head or the bound of bytes is reached. */
export const readEntries = async (
  client: FetchClient,
  { topic, from, limit }: Range,
): Promise<readonly LogEntry[]> => {
  const entries: LogEntry[] = []
  let bytes = 0
  const more = async (): Promise<boolean> => {
    const batch = await fetchFrom(client, topic, from + entries.length, limit - entries.length)
    if (batch === 'gone') {
      if (entries.length > 0) return false
      throw await goneFrom(client, topic, from)
    }
    for (const entry of batch) {
      if (entries.length === limit) return false
      if (entries.length > 0 && bytes + entry.value.length > LIMITS.readBytesMax) return false
      bytes += entry.value.length
      entries.push(entry)
    }
    return batch.length > 0 && entries.length < limit
  }
  await patiently(LIMITS.logReadMsMax, async () => {
    while (await more());
  })
  return entries
}

const fetchFrom = async (
  client: FetchClient,
  topic: string,
  from: number,
  limit: number,
): Promise<readonly LogEntry[] | 'gone'> => {
  const bytesMax = chunkBytes(limit)
  const node = await client.leader(topic)
  const slices = await client.fetch(node, [{ topic, from, bytesMax }], { waitMs: 0, bytesMax })
  const slice = slices.get(topic)
  if (slice?.errorCode === ERRORS.none) return slice.isGone ? 'gone' : slice.entries
  if (slice?.errorCode === ERRORS.offsetOutOfRange) return 'gone'
  client.forget(topic)
  throw new BrokerFault(`${topic} cannot be read now (${slice?.errorCode})`)
}

/** Enough for `limit` ordinary entries: what is fetched beyond the limit is thrown away. */
const chunkBytes = (limit: number): number =>
  Math.min(Math.max(limit * 4_096, 16_384), LIMITS.readBytesMax / 4)
