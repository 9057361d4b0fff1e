/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const IOERR = 10
const FULL = 13
const CANTOPEN = 14
const PROTOCOL = 15
const CORRUPT = 11
const NOTADB = 26

const PASSING: readonly number[] = [BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL]

const primaryCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null

const isOneOf = (error: unknown, codes: readonly number[]): boolean => {
  const code = primaryCode(error)
  return code !== null && codes.includes(code)
}

/** Whether SQLite reported the error, not our own code. */
export const isSqliteFault = (error: unknown): boolean => primaryCode(error) !== null

/** Whether the same statement may succeed later with nothing repaired by hand. */
export const canPass = (error: unknown): boolean => isOneOf(error, PASSING)

/** Whether the file is damaged, so that no repetition helps. */
export const isDamage = (error: unknown): boolean => isOneOf(error, [CORRUPT, NOTADB])

/** Whether another connection holds the lock that was asked for. */
export const isBusy = (error: unknown): boolean => isOneOf(error, [BUSY])

/**
 * Whether a COMMIT that failed so has certainly left nothing behind. A full disk refuses a write,
 * and the frame that marks the commit is the last one written; a failed write or fsync of any
 * other kind may yet be found in the file after a crash.
 */
export const committedNothing = (error: unknown): boolean => isOneOf(error, [BUSY, FULL])
