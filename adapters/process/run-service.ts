import { untilStopped } from '#adapters/process/until-stopped.ts'

export interface RunningService {
  /** Where it listens, for the line that says so; null when it does not. */
  readonly url: string | null
  close(): Promise<void>
}

/**
 * Runs a service until it is told to stop. With `--check` it only opens what it needs to know that
 * it could start. An error ends it with a line that says what is wrong, and exit code 1.
 */
export const runService = async (service: {
  readonly name: string
  readonly check: () => Promise<void>
  readonly open: () => Promise<RunningService>
}): Promise<void> => {
  const say = (text: string): void => {
    process.stderr.write(`rabta ${service.name}: ${text}\n`)
  }
  try {
    await service.check()
    if (process.argv.includes('--check')) {
      say(`ready to start, Node ${process.version}`)
      return
    }
    const running = await service.open()
    say(running.url === null ? 'running' : `listening at ${running.url}`)
    // A parent that waits for this service is told by the one line on standard output.
    process.stdout.write(`${JSON.stringify({ ready: true, url: running.url })}\n`)
    const signal = await untilStopped()
    say(`${signal}: finishing what was begun`)
    await running.close()
  } catch (error) {
    say(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    process.exitCode = 1
  }
}
