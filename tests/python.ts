import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A developer's machine may lack it; then what needs it is skipped, which CI takes for a failure. */
export const hasPython = (): boolean => spawnSync('python3', ['--version']).status === 0

/** The interpreter of an environment that is made once, of what `requirements` pins. */
export const pythonWith = async (requirements: string, name: string): Promise<string> => {
  const { stdout } = await run('tests/python-venv.sh', [requirements, name], {
    timeout: INSTALL_MS_MAX,
  })
  return stdout.trim()
}

const INSTALL_MS_MAX = 300_000

/** What the program printed; rejects with its error text when it ends with another code than 0. */
export const runPython = async (
  python: string,
  words: readonly string[],
  msMax: number,
): Promise<string> => {
  const { stdout } = await run(python, ['-B', ...words], { timeout: msMax, maxBuffer: 16_777_216 })
  return stdout
}
