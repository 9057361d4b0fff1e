import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { messageLogContract } from '#tests/contracts/message-log.ts'

messageLogContract('the sqlite log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rabta-log-'))
  const path = join(folder, 'log.db')
  let topics = 0
  return {
    open: async () => openSqliteLog({ path }),
    uniqueTopic: () => `topic-${topics++}`,
    loseBefore: async (topic, offset) => {
      const db = new DatabaseSync(path)
      const id = db.prepare('SELECT id FROM topics WHERE name = ?').get(topic)?.['id']
      db.exec(`DELETE FROM topic_${id} WHERE offset < ${offset}`)
      db.close()
    },
    dispose: async () => rmSync(folder, { recursive: true }),
  }
})
