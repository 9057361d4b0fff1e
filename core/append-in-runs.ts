import { LIMITS } from '#core/limits.ts'
import type { AppendOptions, MessageLog } from '#core/ports/message-log.ts'

/**
 * Appends `entries` in their order, in as many appends as `appendBytes` makes of them, each begun
 * when the one before is durable. Rejects as `MessageLog.append` does; some may be there then.
 */
export const appendInRuns = async (
  log: Pick<MessageLog, 'append'>,
  topic: string,
  entries: readonly Uint8Array[],
  options: AppendOptions = {},
): Promise<void> => {
  let run: Uint8Array[] = []
  let bytes = 0
  for (const entry of entries) {
    const isFull =
      run.length === LIMITS.appendEntriesMax || bytes + entry.length > LIMITS.appendBatchBytesMax
    if (isFull && run.length > 0) {
      await log.append(topic, run, options)
      run = []
      bytes = 0
    }
    run.push(entry)
    bytes += entry.length
  }
  if (run.length > 0) await log.append(topic, run, options)
}
