import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type ServiceName = 'hub' | 'gateway' | 'router' | 'audit'

export interface ChildService {
  /** Where it listens; null for one that does not. */
  readonly url: string | null
  readonly process: ChildProcess
  /** Tells it to finish what it began, and resolves when it has. */
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Starts a service of this checkout as a process of its own; resolves when it is ready. */
export const startService = async (
  name: ServiceName,
  settings: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<ChildService> => {
  const main = `services/${name}/main.ts`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    cwd: ROOT,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const last: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line)
    if (last.length > LINES_KEPT) last.shift()
    onLine(line)
  })
  const url = await Promise.race([
    readyLine(child),
    exited.then(() => {
      throw new ServiceFailed(`the ${name} did not start:\n${last.join('\n')}`)
    }),
  ])
  return {
    url,
    process: child,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

const LINES_KEPT = 20

export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed'
}

/** The service's one line on standard output. */
const readyLine = (child: ChildProcess): Promise<string | null> =>
  new Promise((resolve) => {
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).once('line', (line) => {
      const ready: { readonly url?: string | null } = JSON.parse(line)
      resolve(ready.url ?? null)
    })
  })
