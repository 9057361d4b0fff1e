import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cpuMsOf } from '#bench/measure.ts'

/** A server in a process of its own, so that its CPU time is nobody else's. */
export interface Child extends AsyncDisposable {
  readonly url: string
  /** What it has used so far. */
  cpuMs(): Promise<number>
  /** The most memory that it has had at a time. */
  rssMibMax(): Promise<number>
}

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PRELOADED = new URL('answer-cpu.ts', import.meta.url).href
const STOP_MS_MAX = 30_000

export interface ChildOptions {
  /** The program, from the root of this checkout; it says `{"url": …}` when it is ready. */
  readonly main: string
  readonly settings: Readonly<Record<string, string>>
  /** For its log lines: a file, as a service manager would have it. */
  readonly folder: string
  readonly profileTo: string | null
}

export const startChild = async (options: ChildOptions): Promise<Child> => {
  const { main, settings, folder, profileTo } = options
  const logPath = join(folder, `${main.replaceAll('/', '-')}.log`)
  const logFile = openSync(logPath, 'w')
  const profiling = profileTo === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`]
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...profiling, `--import=${PRELOADED}`, main],
    {
      cwd: ROOT,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', logFile, 'ipc'],
    },
  )
  closeSync(logFile)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const failed = exited.then(() => {
    throw new Error(`${main} did not start:\n${readFileSync(logPath, 'utf8').slice(-2_000)}`)
  })
  const url = await Promise.race([readyUrl(child), failed])
  failed.catch(() => 'it was told to')
  return {
    url,
    cpuMs: async () => cpuMsOf((await usageOf(child)).cpu),
    rssMibMax: async () => (await usageOf(child)).rssKib / 1_024,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await exited
      clearTimeout(timer)
    },
  }
}

const readyUrl = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('nobody listens to the child'))
    createInterface({ input: child.stdout }).once('line', (line) => {
      const { url }: { readonly url?: string } = JSON.parse(line)
      if (url === undefined) reject(new Error(`not a ready line: ${line}`))
      else resolve(url)
    })
  })

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly rssKib: number
}

const usageOf = (child: ChildProcess): Promise<Usage> =>
  new Promise((resolve, reject) => {
    child.once('message', (usage: Usage) => resolve(usage))
    child.send('usage?', (error) => error && reject(error))
  })
