import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { FAULT_LINE, type FaultPlan } from '#tests/faults/gaps.ts'

/** A hub in a process of its own that dies or fails at one write. */
export class FaultyHub {
  readonly url: string
  /** Its lines on standard error, the last of them. */
  readonly said: readonly string[]
  readonly #process: ChildProcess
  readonly #fired: Promise<void>
  readonly #exited: Promise<void>

  private constructor(
    url: string,
    running: {
      said: readonly string[]
      process: ChildProcess
      fired: Promise<void>
      exited: Promise<void>
    },
  ) {
    this.url = url
    this.said = running.said
    this.#process = running.process
    this.#fired = running.fired
    this.#exited = running.exited
  }

  /** Under `under`, a command that runs another. Null when it ended at the fault before it was ready: a supervisor would start it again. */
  static async start(
    home: string,
    plan: FaultPlan | null,
    how: { readonly settings?: Record<string, string>; readonly under?: readonly string[] } = {},
  ): Promise<FaultyHub | null> {
    const [command, ...before] = [...(how.under ?? []), process.execPath]
    if (command === undefined) throw new RangeError('no command')
    const child = spawn(
      command,
      [...before, '--disable-warning=ExperimentalWarning', 'tests/programs/hub-with-fault.ts'],
      {
        env: {
          ...process.env,
          ...how.settings,
          RABTA_HOME: home,
          RABTA_LISTEN: '127.0.0.1:0',
          RABTA_TEST_FAULT: JSON.stringify(plan ?? { write: null, bug: null }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const said: string[] = []
    const fired = new Promise<void>((resolve) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line)
        if (said.length > LINES_KEPT) said.shift()
        if (line.startsWith(FAULT_LINE)) resolve()
      })
      void exited.then(() => {
        if (child.signalCode === 'SIGKILL') resolve()
      })
    })
    let hasFired = false
    void fired.then(() => {
      hasFired = true
    })
    const ready = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).once('line', resolve)
    })
    const line = await Promise.race([ready, exited.then(() => null)])
    if (line === null) {
      if (hasFired) return null
      throw new Error(`the hub did not start:\n${said.join('\n')}`)
    }
    return new FaultyHub(JSON.parse(line).url, { said, process: child, fired, exited })
  }

  /** Resolves when the fault has come. */
  fired(): Promise<void> {
    return this.#fired
  }

  /** Resolves when the process is over, for whatever reason. */
  exited(): Promise<void> {
    return this.#exited
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#exited
  }
}

const LINES_KEPT = 50
