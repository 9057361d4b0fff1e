import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { EXIT } from '#clients/cli/command.ts'
import { COMMANDS } from '#clients/cli/commands.ts'
import { completionScript } from '#clients/cli/completion.ts'
import { parseGiven } from '#clients/cli/parse-given.ts'
import { table } from '#clients/cli/table.ts'
import { LIMITS } from '#core/limits.ts'
import type { Environment } from '#core/setting.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'

const { signal } = new AbortController()

const rabta = (args: readonly string[], env: Environment = {}) => runRabta(args, { env })

/** An example's words, as a shell parts them; what it does with the output left out. */
const wordsOf = (example: string): readonly string[] => {
  const [line = ''] = example.split(/ [>|] /)
  const [program, ...words] = execFileSync('bash', ['-c', `printf '%s\\n' ${line}`])
    .toString()
    .trimEnd()
    .split('\n')
  expect(program).toBe('rabta')
  return words
}

describe('the help', () => {
  test.each(COMMANDS.map(({ name }) => name))('of %s has examples that parse', async (name) => {
    const command = COMMANDS.find((one) => one.name === name)
    if (command === undefined) throw new RangeError(name)
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) {
      const [first, ...args] = wordsOf(example)
      expect(first).toBe(name)
      expect(() => parseGiven(command, args, { env: {}, signal }), example).not.toThrow()
    }
    const { exit, out } = await rabta([name, '--help'])
    expect(exit).toBe(EXIT.ok)
    for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`)
  })

  test('comes by «help COMMAND», «-h» and without a word too', async () => {
    expect((await rabta(['help', 'feed'])).out).toBe((await rabta(['feed', '-h'])).out)
    expect((await rabta([])).out).toContain('rabta COMMAND')
  })
})

describe('a command line that is wrong', () => {
  const said = async (...args: readonly string[]): Promise<string> => {
    const { exit, err } = await rabta(args)
    expect(exit).toBe(EXIT.usage)
    return err
  }

  test('is told what was probably meant', async () => {
    expect(await said('pubilsh')).toContain('did you mean publish?')
    expect(await said('feed', '--gatway', 'x')).toContain('did you mean --gateway?')
    expect(await said('feed', '--kind', 'THREAT-ALRT')).toContain('did you mean THREAT_ALERT?')
    expect(await said('access-log', 'serach')).toContain('did you mean search?')
    expect(await said('quux')).not.toContain('did you mean')
    expect(await said('constructor')).toContain('there is no command')
  })

  test('hears of all its faults at once', async () => {
    const err = await said('feed', '--form', 'now', '--limit', '--realm', 'life')
    expect(err).toContain('--form')
    expect(err).toContain('--limit wants a value')
    expect(err).toContain('«life»')
  })

  test('is none for a key id that begins with a dash', () => {
    const key = COMMANDS.find(({ name }) => name === 'key')
    if (key === undefined) throw new RangeError('key')
    const words = (...args: readonly string[]) => parseGiven(key, args, { env: {}, signal }).words
    expect(words('revoke', '-abc')).toEqual(['revoke', '-abc'])
    expect(words('--json', '--', 'revoke', '--abc')).toEqual(['revoke', '--abc'])
    expect(() => words('revoke', '-a')).toThrow('there is no option -a')
  })

  test('is refused where it says a thing twice, or gives a switch a value', async () => {
    expect(await said('feed', '--as', 'a/b', '--as', 'c/d')).toContain('--as is given twice')
    expect(await said('feed', '--all=no')).toContain('--all takes no value')
  })
})

describe('settings', () => {
  test('count where no option is given, and the option counts before them', () => {
    const feed = COMMANDS.find(({ name }) => name === 'feed')
    if (feed === undefined) throw new RangeError('feed')
    const env = { RABTA_AS: 'ctd-kp/analyst', RABTA_REALM: 'exercise', RABTA_HOME: '' }
    const given = parseGiven(feed, ['--realm', 'live'], { env, signal })
    expect(given.options).toMatchObject({ as: 'ctd-kp/analyst', realm: 'live', home: './data' })
    expect(given.sources).toMatchObject({ as: 'environment', realm: 'flag', home: 'default' })
  })

  test('are shown with their sources', async () => {
    const env = { RABTA_KAFKA_REPLICATION: '5', RABTA_AS: 'ctd-kp/analyst' }
    const { exit, out } = await rabta(['config', '--json', '--as', 'nacta/coordinator'], env)
    expect(exit).toBe(EXIT.ok)
    const seen = new Map(
      JSON.parse(out).settings.map((one: { name: string }) => [one.name, one] as const),
    )
    expect(seen.get('RABTA_AS')).toMatchObject({ value: 'nacta/coordinator', source: 'flag' })
    expect(seen.get('RABTA_KAFKA_REPLICATION')).toMatchObject({
      value: '5',
      source: 'environment',
      readers: ['gateway', 'router', 'audit'],
    })
    expect(seen.get('RABTA_REALM')).toMatchObject({ value: 'live', source: 'default' })
    const { out: explained } = await rabta(['config', 'audit', '--explain'], env)
    expect(explained).toContain('must be a whole number, 10 to 1000; read by audit')
    expect(explained).not.toContain('RABTA_AS')
  })

  test('that no service could start with are named, and so are those that are none', async () => {
    const wrong = await rabta(['config'], { RABTA_KAFKA_REPLICATION: 'many' })
    expect([wrong.exit, wrong.err]).toEqual([
      EXIT.usage,
      'RABTA_KAFKA_REPLICATION must be a whole number, 1 to 100\n',
    ])
    const open = { RABTA_HOME: '.', RABTA_LISTEN: '0.0.0.0:80' }
    expect(await rabta(['config', 'hub'], open)).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('RABTA_BEHIND_PROXY=yes'),
    })
    const { exit, out, err } = await rabta(['config'], { RABTA_LISTN: 'secret', HOME: '/' })
    expect(exit).toBe(EXIT.ok)
    expect(err).toBe('warning: RABTA_LISTN is no setting; did you mean RABTA_LISTEN?\n')
    expect(out + err).not.toContain('secret')
  })

  test('show no password that is part of an address', async () => {
    const { out } = await rabta(['config'], { RABTA_GATEWAY: 'https://me:hunter2@hub.example' })
    expect(out).toContain('@hub.example')
    expect(out).not.toContain('hunter2')
  })
})

describe('completion', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rabta-completion-'))
    writeFileSync(join(folder, 'bash'), completionScript('bash', COMMANDS))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What bash offers for the last of these words. */
  const offered = (...words: readonly string[]): readonly string[] => {
    const program = resolve('tests/programs/complete.bash')
    const args = [program, join(folder, 'bash'), 'rabta', ...words]
    const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8', cwd: folder })
    expect(stderr).toBe('')
    return stdout.split('\n').filter((line) => line !== '')
  }

  test('in bash offers commands, options, values and the items of a list', () => {
    expect(offered('pub')).toEqual(['publish'])
    expect(offered('')).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)))
    expect(offered('feed', '--prec')).toEqual(['--precedence'])
    expect(offered('feed', '--realm', '')).toEqual(['live', 'exercise'])
    expect(offered('feed', '--realm', '=', 'ex')).toEqual(['exercise'])
    expect(offered('feed', '--kind', 'LOOKOUT,THR')).toEqual(['LOOKOUT,THREAT_ALERT'])
    expect(offered('access-log', 're')).toEqual(['record', 'receipt'])
    expect(offered('feed', '--limit', '')).toEqual([])
    expect(offered('verify', 'b')).toEqual(['bash'])
  })

  test('is of the grammar of each shell that is here', async () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const { exit, out } = await rabta(['completion', shell])
      expect(exit).toBe(EXIT.ok)
      for (const { name } of COMMANDS) expect(out).toContain(name)
      const checked = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' })
      if (checked.error === undefined) expect(checked.stderr).toBe('')
    }
  })
})

describe('a table', () => {
  const stripped = (text: string): string => text.replaceAll(/[\u2068\u2069]/g, '')

  test('stays aligned beside Urdu, which is isolated', () => {
    const urdu = 'فرضی: چوری شدہ ایمبولینس'
    const lines = table(
      ['headline', 'record'],
      [
        [urdu, '1'],
        ['English', '2'],
      ],
    ).split('\n')
    expect(lines[1]).toContain(`\u2068${urdu}\u2069`)
    const letters = [...new Intl.Segmenter().segment(stripped(lines[1] ?? ''))].length
    expect(letters).toBe((lines[2] ?? '').length)
  })

  test('is cut by letters as they are read, and lets nothing command the terminal', () => {
    expect(stripped(table(['h'], [['کَتُبٌی']], 3))).toBe('h\nکَتُ…')
    expect(table(['h'], [['\u001b[2Jred\u2069\u202e']])).toBe('h\n [2Jred')
  })
})

describe('a command whose output nobody reads any more', () => {
  test('ends as one that was stopped by it, without a stack', async () => {
    const command = 'set -o pipefail; "$0" clients/cli/main.ts config --explain | true'
    const ended = spawnSync('bash', ['--norc', '-c', `${command}; echo $?`, process.execPath], {
      encoding: 'utf8',
      // A setting that nobody knows, of those who run the tests, is warned of.
      env: { PATH: process.env['PATH'] },
    })
    expect(ended.stderr.replaceAll(/.*ExperimentalWarning.*\n.*\n/g, '')).toBe('')
    // Whoever is quick has written all before the reader is gone.
    expect(['0', `${EXIT.unread}`]).toContain(ended.stdout.trim())
  }, 30_000)

  test('stops what would go on', async () => {
    const child = spawn(process.execPath, ['clients/cli/main.ts', 'config', '--explain'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    child.stdout.destroy()
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).toBe(EXIT.unread)
  }, 30_000)

  test(
    'ends at Ctrl-C where a hub never answers, and says what became of a publication',
    async () => {
      const { home, remove } = await makeTemporaryHome()
      // Says nothing, to anyone.
      const silent = createServer((socket) => socket.on('error', () => undefined))
      await once(silent.listen(0, '127.0.0.1'), 'listening')
      const { port } = silent.address() as AddressInfo
      const at = ['--home', home, '--gateway', `http://127.0.0.1:${port}`]
      const publishing = ['publish', 'docs/examples/draft.yaml', '--as', 'ctd-kp/duty-officer']
      const words = ['clients/cli/main.ts', ...publishing, ...at]
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      try {
        await once(silent, 'connection')
        child.kill('SIGINT')
        const [code] = await once(child, 'close')
        expect([code, said], said).toEqual([EXIT.stopped, expect.stringContaining('stopped')])
        expect(said).toMatch(/is not known: rabta alert ctd-kp\/[0-9a-f-]{36} --status/)
        expect(said).not.toContain('    at ')
      } finally {
        child.kill('SIGKILL')
        silent.close()
        remove()
      }
      // Well before it would give the hub up by itself.
    },
    LIMITS.clientAnswerMsMax - 5_000,
  )

  test('is not coloured where it is piped', () => {
    const piped = spawnSync(process.execPath, ['clients/cli/main.ts', '--help'], {
      encoding: 'utf8',
    })
    expect(piped.stdout).not.toContain('\u001b')
  }, 30_000)
})

describe('a home that cannot be used', () => {
  test('stops the hub, and the reason is said once', async () => {
    const home = await makeTemporaryHome()
    try {
      const args = ['serve', '--home', home.home, '--listen', '0.0.0.0:8700']
      const { exit, err } = await rabta(args)
      expect(exit).toBe(EXIT.notAll)
      expect(err.match(/SettingInvalid/g)).toHaveLength(1)
      expect(err).toMatch(/did not start\n$/)
    } finally {
      home.remove()
    }
  }, 60_000)

  test('is not what verifying asks for: a key from elsewhere does', async () => {
    const { exit, err } = await rabta(['verify', 'package.json', '--home', '/no/such/home'])
    expect([exit, err]).toEqual([EXIT.usage, expect.stringContaining('or --genesis')])
    expect(err).not.toContain('rabta init')
  })

  test('is told from an address that is none', async () => {
    const home = await makeTemporaryHome()
    try {
      const who = ['--home', home.home, '--as', 'nacta/coordinator']
      const { exit, err } = await rabta(['feed', ...who, '--gateway', 'localhost:8700'])
      expect([exit, err]).toEqual([EXIT.usage, expect.stringContaining('--gateway must be https')])
    } finally {
      home.remove()
    }
  })

  test('is told apart as damaged when the database of its log is', async () => {
    const home = await makeTemporaryHome()
    try {
      const path = homePaths(home.home).logDatabase
      await mkdir(dirname(path), { recursive: true })
      const log = openSqliteLog({ path })
      await log.ensureTopics(['directory'])
      await log.append('directory', new Array(500).fill(new Uint8Array(1_000)))
      await log.close()
      const bytes = await readFile(path)
      await writeFile(path, bytes.fill(0xff, Math.floor(bytes.length / 8)))
      const { exit, err } = await rabta(['fsck', '--home', home.home, '--quiet'])
      expect([exit, err]).toEqual([EXIT.unverified, expect.stringContaining('is damaged')])
    } finally {
      home.remove()
    }
  })
})
