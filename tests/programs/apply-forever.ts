import { setImmediate } from 'node:timers/promises'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import { numberedIntakeRow, numberedRecordRow } from '#tests/view-rows.ts'

/** Applies rows to an intake store and a record index until it is killed; says each offset. */
const [folder] = process.argv.slice(2)
const onReset = (why: string): void => {
  throw new Error(`reset: ${why}`)
}
const store = openSqliteIntakeStore({ path: `${folder}/intake.db`, onReset })
const index = openSqliteRecordIndex({ path: `${folder}/records.db`, onReset })

for (;;) {
  const next = store.nextOffset('t')
  const rows = Array.from({ length: 40 }, (_, place) => numberedIntakeRow(next + place))
  store.apply('t', rows, next + rows.length)
  const first = index.nextIndex()
  index.apply(Array.from({ length: 1_100 }, (_, place) => numberedRecordRow(first + place)))
  process.stdout.write(`${index.nextIndex()}\n`)
  // A commit waits for a turn of the event loop.
  await setImmediate()
}
