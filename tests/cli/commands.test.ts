import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT, type Io } from '#clients/cli/command.ts'
import { COMMANDS } from '#clients/cli/commands.ts'
import { run } from '#clients/cli/main.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let draft: string

beforeAll(async () => {
  hub = await openTestHub()
  draft = join(hub.home.home, 'draft.json')
  writeFileSync(
    draft,
    JSON.stringify({
      label: { classification: 'RESTRICTED', jurisdictions: ['PK-KP', 'PK'] },
      texts: [{ language: 'en', headline: 'Invented', narrative: 'Nothing happened.' }],
    }),
  )
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const rabta = async (...args: readonly string[]) => {
  const { told, ended } = started(...args)
  return { exit: await ended, ...told }
}

const started = (...args: readonly string[]) => {
  const told = { out: '', err: '' }
  const stopping = new AbortController()
  const io: Io = {
    out: (text) => {
      told.out += text
    },
    say: (text) => {
      told.err += text
    },
    isTerminal: false,
    signal: stopping.signal,
  }
  return { told, ended: run(args, io), stop: () => stopping.abort() }
}

const at = (): readonly string[] => ['--home', hub.home.home, '--gateway', hub.hub.url ?? '']

const published = async (): Promise<string> => {
  const { out } = await rabta('publish', draft, '--as', 'ctd-kp/duty-officer', '--json', ...at())
  const { origin, id } = JSON.parse(out)
  await hub.settled()
  return `${origin}/${id}`
}

test('every command says how it is used, with an example', async () => {
  for (const { name, examples } of COMMANDS) {
    const { exit, out } = await rabta(name, '--help')
    expect(exit).toBe(EXIT.ok)
    for (const example of examples) expect(out).toContain(example)
    expect(examples.length).toBeGreaterThan(0)
  }
})

test('an alert is published, read in a feed and by name, and its status is told', async () => {
  const name = await published()
  const feed = await rabta('feed', '--as', 'nacta/coordinator', '--all', ...at())
  expect([feed.exit, feed.out.includes(name)]).toEqual([EXIT.ok, true])
  expect(feed.out).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\dZ {2}/m)
  const none = await rabta('feed', '--as', 'ctd-kp/security-officer', '--all', ...at())
  expect([none.exit, none.out]).toEqual([EXIT.ok, ''])
  expect(none.err).toContain('no alerts')
  const alert = await rabta('alert', name, '--as', 'nacta/coordinator', ...at())
  expect(JSON.parse(alert.out).label.jurisdictions).toEqual(['PK', 'PK-KP'])
  const status = await rabta('alert', name, '--status', '--as', 'ctd-kp/duty-officer', ...at())
  expect(JSON.parse(status.out).state).toBe('routed')
})

test('a feed that is followed goes on as alerts come, until it is stopped', async () => {
  const before = await published()
  const args = ['feed', '--as', 'nacta/coordinator', '--follow', '--json', ...at()]
  const { told, ended, stop } = started(...args)
  const ids = () =>
    told.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).alert.id]))
  while (!ids().some((id) => before.endsWith(id))) await setTimeout(10)
  const later = await published()
  while (!ids().some((id) => later.endsWith(id))) await setTimeout(10)
  stop()
  expect(await ended).toBe(EXIT.ok)
  expect(new Set(ids()).size).toBe(ids().length)
  expect(told.err).toMatch(/cursor \S+\n$/)
})

test('a feed says that rights have widened, and reads what was passed over', async () => {
  const set = (clearance: string) =>
    rabta(
      ...['principal', 'set', 'ctd-kp/analyst', '--clearance', clearance],
      ...['--as', 'ctd-kp/administrator', ...at()],
    )
  const feed = (...args: readonly string[]) =>
    rabta('feed', '--as', 'ctd-kp/analyst', ...args, ...at())
  const cursorIn = (err: string) => /cursor (\S+)/.exec(err)?.[1] ?? ''
  const seen = await published()
  await set('UNCLASSIFIED')
  const missed = await published()
  const before = await feed('--all')
  expect(before.out).toBe('')
  await set('SECRET')
  const told = await feed('--from', cursorIn(before.err))
  expect([told.exit, told.out]).toEqual([EXIT.ok, ''])
  expect(told.err).toContain('--from earliest')
  expect((await feed('--from', cursorIn(told.err))).err).not.toContain('widened')
  const again = await feed('--from', cursorIn(before.err), '--all', '--reread', '--json')
  const [first, ...rest] = again.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first).toEqual({ widened: true })
  const ids = rest.map(({ alert }) => `ctd-kp/${alert.id}`)
  expect(ids).toEqual(expect.arrayContaining([seen, missed]))
  expect(new Set(ids).size).toBe(ids.length)
})

test('a feed that is followed reads again when rights widen, and shows nothing twice', async () => {
  const set = (clearance: string) =>
    rabta(
      ...['principal', 'set', 'ctd-kp/analyst', '--clearance', clearance],
      ...['--as', 'ctd-kp/administrator', ...at()],
    )
  await set('SECRET')
  const first = await published()
  const args = ['feed', '--as', 'ctd-kp/analyst', '--follow', '--reread', '--json', ...at()]
  const { told, ended, stop } = started(...args)
  const lines = () => told.out.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []))
  const ids = () => lines().flatMap(({ alert }) => (alert ? [`ctd-kp/${alert.id}`] : []))
  while (!ids().includes(first)) await setTimeout(10)
  await set('UNCLASSIFIED')
  const missed = await published()
  await set('SECRET')
  while (!ids().includes(missed)) await setTimeout(10)
  const later = await published()
  while (!ids().includes(later)) await setTimeout(10)
  stop()
  expect(await ended).toBe(EXIT.ok)
  expect(lines().filter(({ widened }) => widened)).toHaveLength(1)
  expect(new Set(ids()).size).toBe(ids().length)
})

test('whom a draft would reach is said before anything is published', async () => {
  const { exit, out } = await rabta('preview', draft, '--as', 'ctd-kp/duty-officer', ...at())
  expect(exit).toBe(EXIT.ok)
  expect(out).toMatch(/^reaches ctd-kp, nacta$/m)
  expect(out).toMatch(/^not ctd-sindh, because outside-jurisdiction$/m)
})

test('who was given it is proven, and a receipt verifies without the hub', async () => {
  const name = await published()
  await rabta('alert', name, '--as', 'nacta/coordinator', ...at())
  const officer = ['--as', 'ctd-kp/security-officer', ...at()]
  const given = await rabta('access-log', 'given-to', name, '--json', ...officer)
  const [release] = JSON.parse(given.out).givenTo
  expect([given.exit, release.record.principal]).toEqual([EXIT.ok, 'nacta/coordinator'])
  const file = join(hub.home.home, 'r.tlog-proof')
  rmSync(file, { force: true })
  await rabta('access-log', 'receipt', String(release.index), '--out', file, ...officer)
  const verified = await rabta('verify', file, '--home', hub.home.home)
  expect([verified.exit, verified.out.includes('VERIFIED')]).toEqual([EXIT.ok, true])
})

test('an acknowledgement is found by who asks who was given the alert', async () => {
  const name = await published()
  const ack = await rabta('alert', 'ack', name, '--as', 'nacta/coordinator', ...at())
  expect([ack.exit, ack.out.startsWith(`Acknowledged: ${name}`)]).toEqual([EXIT.ok, true])
  const officer = ['--as', 'ctd-kp/security-officer', ...at()]
  const given = await rabta('access-log', 'given-to', name, '--json', ...officer)
  const [one, ...others] = JSON.parse(given.out).acknowledgedBy
  expect([one.record.principal, others]).toEqual(['nacta/coordinator', []])
  const shown = await rabta('access-log', 'given-to', name, ...officer)
  expect(shown.out).toMatch(/nacta\/coordinator +ACKNOWLEDGE +ALLOWED/)
  const odd = await rabta('alert', 'ask', name, '--as', 'nacta/coordinator', ...at())
  expect(odd.exit).toBe(EXIT.usage)
})

test('a receipt that was changed does not verify', async () => {
  const officer = ['--as', 'ctd-kp/security-officer', ...at()]
  await published()
  const { out } = await rabta('access-log', 'receipt', '1', ...officer)
  const file = join(hub.home.home, 'changed.tlog-proof')
  writeFileSync(
    file,
    out.replace(/^extra (.{20})./m, (_, start) => `extra ${start}A`),
  )
  expect((await rabta('verify', file, '--home', hub.home.home)).exit).toBe(EXIT.unverified)
})

test('the data folder of a running hub is clean', async () => {
  await published()
  const { exit, out } = await rabta('fsck', '--home', hub.home.home, '--quiet')
  expect([exit, out.startsWith('clean')]).toEqual([EXIT.ok, true])
})

test.each([
  ['an option that is missing', EXIT.usage, ['feed']],
  ['an option that does not exist', EXIT.usage, ['feed', '--loud']],
  ['a word too many', EXIT.usage, ['verify', 'a', 'b']],
  ['a file that is not there', EXIT.usage, ['verify', '/no/such/file']],
  ['a principal that is not there', EXIT.usage, ['feed', '--as', 'nacta/nobody']],
])('%s ends with %i', async (_what, code, args) => {
  const { exit, err } = await rabta(...args, ...(args[0] === 'feed' ? at() : []))
  expect(exit).toBe(code)
  expect(err).not.toBe('')
})

test('a refusal is told with its code and what to do, and ends with 3', async () => {
  const { exit, err } = await rabta('access-log', 'search', '--as', 'nacta/liaison', ...at())
  expect(exit).toBe(EXIT.refused)
  expect(err).toContain('not-permitted')
  expect(err).toContain('role-missing')
})

test('a hub that is not there ends with 4', async () => {
  const gone = ['--home', hub.home.home, '--gateway', 'http://127.0.0.1:9']
  const { exit } = await rabta('feed', '--as', 'nacta/coordinator', ...gone)
  expect(exit).toBe(EXIT.unreachable)
})

test('a draft that is none says which part', async () => {
  const bad = join(hub.home.home, 'bad.json')
  const publishing = ['publish', bad, '--as', 'ctd-kp/duty-officer', '--dry-run', ...at()]
  const cases = [
    ['{', 'line 1, column 2'],
    ['{"texts":[]}', '«label» is missing'],
    ['{"label":{},"texts":[],"colour":1}', 'no field «colour»'],
    ['{"label":{"classification":"LOUD","jurisdictions":["PK"]},"texts":[]}', '«LOUD»'],
    ['{"label":{"classification":"SECRET","jurisdictions":[]},"texts":[]}', 'label'],
  ] as const
  for (const [text, message] of cases) {
    writeFileSync(bad, text)
    const { exit, err } = await rabta(...publishing)
    expect([exit, err.includes(message)], err).toEqual([EXIT.usage, true])
  }
})

test('a recall is shown before it is sent: exactly the label, the digest, no less urgent', async () => {
  const name = await published()
  const recall = ['recall', name, '--as', 'ctd-kp/duty-officer', ...at()]
  const { exit, out } = await rabta(...recall, '--precedence', 'FLASH', '--dry-run')
  const { kind, precedence, label, references } = JSON.parse(out)
  expect([exit, kind, precedence]).toEqual([EXIT.ok, 'RECALL', 'FLASH'])
  expect([label.jurisdictions, label.classification]).toEqual([['PK', 'PK-KP'], 'RESTRICTED'])
  const status = await rabta('alert', name, '--status', '--as', 'ctd-kp/duty-officer', ...at())
  const { digest, recalledBy } = JSON.parse(status.out)
  expect(references).toMatchObject([{ relation: 'RECALLS', digest }])
  expect(recalledBy).toBeNull()
  const officer = ['--as', 'ctd-kp/security-officer', ...at()]
  expect((await rabta('recall', name, '--status', ...officer)).exit).toBe(EXIT.notAll)
  const foreign = await rabta('recall', name, '--as', 'nacta/coordinator', ...at())
  expect(foreign.exit).toBe(EXIT.usage)
})

test('a draft corrects an earlier alert', async () => {
  const name = await published()
  const [origin, id] = name.split('/')
  const asked = ['alert', name, '--status', '--as', 'ctd-kp/duty-officer', ...at()]
  const { digest } = JSON.parse((await rabta(...asked)).out)
  const correction = join(hub.home.home, 'correction.json')
  const label = { classification: 'RESTRICTED', jurisdictions: ['PK'] }
  const texts = [{ language: 'en', headline: 'Corrected', narrative: 'Nothing happened twice.' }]
  const references = [{ relation: 'SUPERSEDES', origin, id, digest }]
  writeFileSync(correction, JSON.stringify({ label, texts, references }))
  const { exit } = await rabta('publish', correction, '--as', 'ctd-kp/duty-officer', ...at())
  await hub.settled()
  const { supersededBy } = JSON.parse((await rabta(...asked)).out)
  expect([exit, typeof supersededBy]).toEqual([EXIT.ok, 'string'])
})
