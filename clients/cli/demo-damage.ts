import { cpSync } from 'node:fs'
import { relative } from 'node:path'
import { homePaths } from '#adapters/files/home.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { heading, type Io } from '#clients/cli/command.ts'
import { fsckHome, kafkaAt } from '#clients/cli/commands/fsck.ts'
import { flipInside, flipInTile } from '#clients/cli/damage.ts'
import type { DemoPlace } from '#clients/cli/demo-services.ts'
import type { Told } from '#clients/cli/demo-story.ts'
import type { RecordBytes } from '#clients/sdk/given-record.ts'
import { equalBytes } from '#core/bytes.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/**
 * Checks the data folder, flips one bit in a copy of it, and checks that. Whether the first was
 * clean and the second was not.
 */
export const damageACopy = async (
  told: Told,
  { home, log, io }: DemoPlace & { readonly io: Io },
): Promise<boolean> => {
  io.out(`\n${heading('6. One byte is flipped in a copy of the data folder')}\n`)
  const kafka = log.kind === 'kafka' ? kafkaAt(log.brokers, log.topicPrefix) : null
  const before = await fsckHome(home, { kafka, io: null })
  io.out(`  fsck of the data folder: ${before.problems.length} problems, ${before.size} records\n`)
  const copy = copyOf(home)
  cpSync(home, copy, { recursive: true })
  const paths = homePaths(copy)
  const damage =
    log.kind === 'kafka'
      ? flipInTile(paths.tiles)
      : await flipInside(paths.logDatabase, told.record.bytes, () =>
          isChanged(paths.logDatabase, told.record),
        )
  io.out(`  flipped a bit at byte ${damage.offset} of ${relative(copy, damage.file)} in ${copy}\n`)
  const after = await fsckHome(copy, { kafka, io: null })
  for (const problem of after.problems) io.out(`  fsck of the copy: ${problem}\n`)
  return before.problems.length === 0 && after.problems.length > 0
}

/** Where the copy of a home is damaged. */
export const copyOf = (home: string): string => `${home}-damaged-copy`

const isChanged = async (database: string, record: RecordBytes): Promise<boolean> => {
  const log = openSqliteLog({ path: database, readOnly: true })
  try {
    const [entry] = await log.read(ACCESS_TOPIC, record.index, 1)
    return entry === undefined || !equalBytes(entry.value, record.bytes)
  } finally {
    await log.close()
  }
}
