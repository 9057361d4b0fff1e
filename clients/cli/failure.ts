import { EXIT, type ExitCode, UsageError } from '#clients/cli/command.ts'
import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { LogChanged, LogForked } from '#clients/sdk/log-errors.ts'

export interface Failure {
  readonly text: string
  readonly exit: ExitCode
}

/** What a command that threw says, and its exit code. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof HubRefusal) return { text: refusalText(error), exit: EXIT.refused }
  if (error instanceof HubUnreachable) return { text: error.message, exit: EXIT.unreachable }
  if (UNVERIFIED.some((kind) => error instanceof kind)) {
    return { text: messageOf(error), exit: EXIT.unverified }
  }
  if (error instanceof UsageError) return { text: error.message, exit: EXIT.usage }
  return { text: messageOf(error), exit: EXIT.notAll }
}

const UNVERIFIED = [HubMisbehaved, LogForked, LogChanged]

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

const refusalText = ({ code, title, detail, reasons, remedy, requestId }: HubRefusal): string =>
  [
    `the hub refused: ${code}. ${title}`,
    ...(detail === null ? [] : [`  detail   ${detail}`]),
    ...(reasons.length === 0 ? [] : [`  reasons  ${reasons.join(', ')}`]),
    ...(remedy === null ? [] : [`  remedy   ${remedy}`]),
    ...(requestId === null ? [] : [`  request  ${requestId}`]),
  ].join('\n')
