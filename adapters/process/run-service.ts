import { untilStopped } from '#adapters/process/until-stopped.ts'

export interface RunningService {
  /** Where it listens, for the line that says so; null when it does not. */
  readonly url: string | null
  /** Reads its certificates and keys again. Left out by a service that has none. */
  readonly reload?: () => Promise<void>
  close(): Promise<void>
}

/** What a service with certificates, or keys, does at a SIGHUP. One after the other: what comes
 * behind one that is no good stays as it was. */
export const reloading = (
  ...readable: readonly ({ reload(): Promise<void> } | null)[]
): Pick<RunningService, 'reload'> => {
  const there = readable.filter((one) => one !== null)
  if (there.length === 0) return {}
  return {
    reload: async () => {
      for (const one of there) await one.reload()
    },
  }
}

/**
 * Runs a service until it is told to stop. With `--check` it only opens what it needs to know that
 * it could start. An error ends it with a line that says what is wrong, and exit code 1.
 */
export const runService = async (service: {
  readonly name: string
  readonly check: () => Promise<void>
  /** `say`: a line on standard error. */
  readonly open: (say: (text: string) => void) => Promise<RunningService>
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
    const running = await service.open(say)
    say(running.url === null ? 'running' : `listening at ${running.url}`)
    // A parent that waits for this service is told by the one line on standard output.
    process.stdout.write(`${JSON.stringify({ ready: true, url: running.url })}\n`)
    const { reload } = running
    if (reload !== undefined) process.on('SIGHUP', () => void reloaded(reload, say))
    const signal = await untilStopped()
    say(`${signal}: finishing what was begun`)
    await running.close()
  } catch (error) {
    say(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    process.exitCode = 1
  }
}

/** The service goes on with what it has when the new files are no good. */
const reloaded = async (
  reload: () => Promise<void>,
  say: (text: string) => void,
): Promise<void> => {
  try {
    await reload()
    say('SIGHUP: the certificates and keys were read again')
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    say(`SIGHUP: the certificates and keys stay as they were: ${why}`)
  }
}
