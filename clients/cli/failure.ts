import { PrivateKeyUnusable } from '#adapters/crypto/private-key.ts'
import { HomeUnusable } from '#adapters/files/home.ts'
import { LoosePermissions } from '#adapters/files/key-file.ts'
import { SealFileUnusable } from '#adapters/files/seal-file.ts'
import { FolderInUse } from '#adapters/sqlite/folder-lock.ts'
import { isDamage } from '#adapters/sqlite/sqlite-fault.ts'
import { BackupUnusable, RestoreRefused } from '#clients/cli/backup/backup-unusable.ts'
import { EXIT, type ExitCode, UsageError } from '#clients/cli/command.ts'
import { FAULTS } from '#clients/cli/directory-words.ts'
import { DraftInvalid } from '#clients/cli/draft/draft-fault.ts'
import { ChangeUnusable } from '#clients/sdk/enter-change.ts'
import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { LogChanged, LogForked } from '#clients/sdk/log-errors.ts'
import { DecisionRowsInvalid } from '#core/decision-rows.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'

export interface Failure {
  readonly text: string
  readonly exit: ExitCode
}

/** What a command that threw says, and its exit code. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof HubRefusal) return { text: refusalText(error), exit: EXIT.refused }
  if (error instanceof HubUnreachable) return { text: error.message, exit: EXIT.unreachable }
  if (error instanceof ChangeUnusable) {
    return { text: `${error.message}. ${FAULTS[error.fault]}`, exit: EXIT.usage }
  }
  if (error instanceof LogUnavailable && isDamage(error.cause)) {
    return { text: DAMAGED, exit: EXIT.unverified }
  }
  if (UNVERIFIED.some((kind) => error instanceof kind)) {
    return { text: messageOf(error), exit: EXIT.unverified }
  }
  if (MISTAKES.some((kind) => error instanceof kind)) {
    return { text: messageOf(error), exit: EXIT.usage }
  }
  if (isFileError(error)) return { text: fileText(error), exit: EXIT.usage }
  return { text: messageOf(error), exit: EXIT.notAll }
}

const DAMAGED =
  'the database of the log is damaged: its file cannot be read as SQLite wrote it.\n' +
  '  Stop the hub, keep the folder as it is, and put a backup in its place: rabta restore --help'

/** Of the user's: the command line, a draft, a folder, a key file. */
const MISTAKES = [
  UsageError,
  DraftInvalid,
  HomeUnusable,
  LoosePermissions,
  PrivateKeyUnusable,
  PolicyInvalid,
  DecisionRowsInvalid,
  FolderInUse,
  SealFileUnusable,
]

const FILE_ERRORS = {
  ENOENT: 'there is no file',
  EACCES: 'you may not open',
  EEXIST: 'there is a file already, which is not written over:',
  EISDIR: 'this is a folder, not a file:',
} as const

interface FileError extends Error {
  readonly code: keyof typeof FILE_ERRORS
  readonly path?: string
}

const isFileError = (error: unknown): error is FileError =>
  error instanceof Error && 'code' in error && Object.hasOwn(FILE_ERRORS, String(error.code))

const fileText = ({ code, path, message }: FileError): string =>
  path === undefined ? message : `${FILE_ERRORS[code]} ${path}${hintOf(code, path)}`

/** Keys of a principal lie in its agency's folder of a home. */
const hintOf = (code: FileError['code'], path: string): string =>
  code === 'ENOENT' && /agencies[/\\][^/\\]+[/\\][^/\\]+\.pem$/.test(path)
    ? '\n  is --home the folder with your keys, and the name of the post right?'
    : ''

const UNVERIFIED = [HubMisbehaved, LogForked, LogChanged, BackupUnusable, RestoreRefused]

const messageOf = (error: unknown): string => {
  if (error instanceof UsageError || error instanceof DraftInvalid) return error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

const refusalText = ({ code, title, detail, reasons, remedy, requestId }: HubRefusal): string =>
  [
    `the hub refused: ${code}. ${title}`,
    ...(detail === null ? [] : [`  detail   ${detail}`]),
    ...(reasons.length === 0 ? [] : [`  reasons  ${reasons.join(', ')}`]),
    ...(remedy === null ? [] : [`  remedy   ${remedy}`]),
    ...(requestId === null ? [] : [`  request  ${requestId}`]),
  ].join('\n')
