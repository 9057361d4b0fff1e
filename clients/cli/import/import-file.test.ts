import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT, type Io, UsageError } from '#clients/cli/command.ts'
import { openIdentity } from '#clients/cli/identity.ts'
import { type ImportOptions, importFile } from '#clients/cli/import/import-file.ts'
import { feedPages } from '#clients/sdk/feed.ts'
import { isPrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'
import { SAMPLE_FILE } from '#tests/incidents-file.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
const folder = mkdtempSync(join(tmpdir(), 'rabta-import-'))
beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  rmSync(folder, { recursive: true })
})

interface Run {
  readonly exit: number
  readonly out: string
  readonly said: string
  // What a test expects of the JSON, it says itself.
  readonly json: Readonly<Record<string, unknown>>
}

const run = async (changes: Partial<ImportOptions> = {}, io: Partial<Io> = {}): Promise<Run> => {
  let out = ''
  let said = ''
  const options: ImportOptions = {
    file: SAMPLE_FILE,
    home: hub.home.home,
    gatewayUrl: hub.hub.url ?? '',
    realm: 'live',
    limit: null,
    isDryRun: false,
    isJson: true,
    isQuiet: false,
    ...changes,
  }
  const exit = await importFile(options, {
    out: (text) => (out += text),
    say: (text) => (said += text),
    isTerminal: false,
    signal: new AbortController().signal,
    ...io,
  })
  return { exit, out, said, json: options.isJson ? JSON.parse(out) : {} }
}

const REPORTED = { 'province-missing': 3, 'province-unknown': 1 }
const ALERTS = 46

const feedCount = async (principal: string, realm: Realm): Promise<number> => {
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  const { home } = hub.home
  const { session } = await openIdentity({ home, principal, realm, gatewayUrl: hub.hub.url ?? '' })
  let count = 0
  for await (const { items } of feedPages(session)) {
    expect(items.filter(({ ok }) => !ok)).toEqual([])
    count += items.length
  }
  return count
}

describe('a file', () => {
  test('is published whole, and nothing of it again by a second run', async () => {
    const first = await run()
    expect(first.exit).toBe(EXIT.ok)
    expect(first.json).toMatchObject({ rows: 50, published: ALERTS, alreadyThere: 0 })
    expect(first.json).toMatchObject({ reported: REPORTED, refused: {}, failed: {}, notTried: 0 })
    const records = await hub.recordCount()
    const second = await run()
    expect(second.exit).toBe(EXIT.ok)
    expect(second.json).toMatchObject({ rows: 50, published: 0, alreadyThere: ALERTS })
    const acts = (await hub.records(records)).map(({ action }) => action)
    expect(acts.filter((action) => action !== 'TOKEN')).toEqual([])
  })

  /** As tests/expected-counts.py counts them in the sample, without any code of the hub. */
  test.each([
    ['nacta/coordinator', 46],
    ['nacta/liaison', 45],
    ['ctd-ajk/analyst', 5],
    ['ctd-ajk/duty-officer', 5],
    ['ctd-balochistan/analyst', 6],
    ['ctd-balochistan/duty-officer', 5],
    ['ctd-gb/analyst', 6],
    ['ctd-gb/duty-officer', 6],
    ['ctd-ict/analyst', 6],
    ['ctd-ict/duty-officer', 6],
    ['ctd-kp/analyst', 12],
    ['ctd-kp/duty-officer', 12],
    ['ctd-punjab/analyst', 6],
    ['ctd-punjab/duty-officer', 6],
    ['ctd-sindh/analyst', 5],
    ['ctd-sindh/duty-officer', 5],
  ])('is then in the feed of %s with %i alerts', async (principal, count) => {
    await hub.settled()
    expect(await feedCount(principal, 'live')).toBe(count)
  })
})

describe('a run that ends early', () => {
  test('is gone on with by the next, whatever was there already', async () => {
    const [header, ...rows] = readFileSync(SAMPLE_FILE, 'utf8').trimEnd().split('\n')
    const lastRows = join(folder, 'last.csv')
    writeFileSync(lastRows, [header, ...rows.slice(-20)].join('\n'))
    const realm = 'exercise'
    const first = (await run({ realm, limit: 11 })).json['published']
    const last = (await run({ realm, file: lastRows })).json['published']
    expect([first, last]).toEqual([11, 18])
    const whole = await run({ realm })
    expect(whole).toMatchObject({ exit: EXIT.ok, json: { published: 17, alreadyThere: 29 } })
    await hub.settled()
    expect(await feedCount('nacta/coordinator', realm)).toBe(ALERTS)
  })

  test('by a signal finishes what was sent, and says how to go on', async () => {
    const [header, row = ''] = readFileSync(SAMPLE_FILE, 'utf8').split('\n')
    const file = join(folder, 'long.csv')
    const rows = Array.from({ length: 300 }, (_, at) => row.replace(/^\d+/, String(920_000 + at)))
    writeFileSync(file, [header, ...rows].join('\n'))
    const stopping = new AbortController()
    const before = await hub.recordCount()
    const poll = setInterval(async () => {
      if ((await hub.recordCount()) > before + 20) stopping.abort()
    }, 1)
    const stopped = await run({ file, isJson: false }, { signal: stopping.signal })
    clearInterval(poll)
    expect(stopped.exit).toBe(EXIT.notAll)
    expect(stopped.said).toContain('stopping')
    expect(stopped.out).toContain(`«rabta import ${file}» again goes on`)
    const [published = 0, notTried = 0] = ['published', 'not tried'].map((what) =>
      Number(new RegExp(`^${what} +(\\d+)`, 'm').exec(stopped.out)?.[1]),
    )
    expect(notTried).toBeGreaterThan(0)
    expect(published + notTried).toBe(300)
    const { exit, json } = await run({ file })
    expect(exit).toBe(EXIT.ok)
    expect(json).toMatchObject({ published: notTried, alreadyThere: published })
  })
})

describe('nothing is sent', () => {
  test('by a dry run, which asks no hub and needs no keys', async () => {
    const nowhere = { home: folder, gatewayUrl: 'http://127.0.0.1:9', isDryRun: true }
    const { exit, json, said } = await run(nowhere)
    expect(exit).toBe(EXIT.ok)
    expect(json).toMatchObject({ rows: 50, alerts: ALERTS, reported: REPORTED })
    expect(json).toMatchObject({
      origins: { 'ctd-kp': 12, 'ctd-balochistan': 6 },
      classifications: { RESTRICTED: 41, CONFIDENTIAL: 4, SECRET: 1 },
    })
    expect(json['first']).toHaveLength(3)
    expect(said).toBe('')
    const { out } = await run({ ...nowhere, isJson: false })
    expect(out).toMatch(/CONFIDENTIAL +4\n/)
    expect(out).toContain('line 42: reported, province-unknown (adm_1)')
  })

  test('of a file that is damaged near its end', async () => {
    const damaged = join(folder, 'damaged.csv')
    writeFileSync(damaged, `${readFileSync(SAMPLE_FILE, 'utf8')}"never closed`)
    const before = await hub.recordCount()
    await expect(run({ file: damaged })).rejects.toThrow(UsageError)
    expect(await hub.recordCount()).toBe(before)
  })

  test('from a home that lacks the keys of an agency', async () => {
    const { home } = hub.home
    const partial = join(folder, 'partial-home')
    writeHome(partial, readFileSync(join(home, 'federation.json'), 'utf8'))
    await expect(run({ home: partial })).rejects.toThrow(/lacks keys of ctd-/)
  })
})

const writeHome = (home: string, federation: string): void => {
  mkdirSync(home)
  writeFileSync(join(home, 'federation.json'), federation)
}

describe('a hub that is not there', () => {
  test('ends the import at once when it is to stop, with nothing counted as done', async () => {
    const signal = AbortSignal.abort()
    const { exit, json } = await run({ gatewayUrl: 'http://127.0.0.1:9' }, { signal })
    expect(exit).toBe(EXIT.notAll)
    expect(json).toMatchObject({ published: 0, notTried: 50, isStopped: true })
  })
})

describe('progress', () => {
  test('is a bar on a terminal, plain lines elsewhere, nothing when quiet', async () => {
    const terminal = await run({}, { isTerminal: true })
    expect(terminal.said).toMatch(/^\rimporting .*█/)
    expect(terminal.said).toMatch(/50\/50.*\n$/)
    expect((await run()).said).not.toContain('\r')
    expect((await run({ isQuiet: true })).said).toBe('')
  })
})
