/** A backup that is not whole, not what it says, or not one that this home can be restored from. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable'
}

/** The log of a backup is not what was signed, or nothing says that it is all of it. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused'
}
