// An auditor searches, and takes a receipt that proves offline: node docs/examples/audit.ts FILE
import { writeFile } from 'node:fs/promises'
import { LogClient } from '#clients/sdk/log.ts'
import { searchRecords } from '#clients/sdk/search.ts'
import { memory, print, session } from '#examples/open-session.ts'

const log = new LogClient(session, memory)
const { checkpoint, isFirst } = await log.refresh() // throws LogForked where history was rewritten
print(`${checkpoint.size} leaves, ${isFirst ? 'seen for the first time' : 'grown from those seen'}`)
search: for await (const { records } of searchRecords(session, { filter: { action: 'PUBLISH' } })) {
  for (const record of records) {
    const receipt = await log.receipt(record)
    if (receipt === null) continue // no checkpoint covers it yet, or the hub showed a false record
    await writeFile(process.argv[2] ?? 'newest.tlog-proof', receipt)
    print(`leaf ${record.index} was by ${record.content?.principal}; its receipt is written`)
    break search
  }
}
