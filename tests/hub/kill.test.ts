import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ChildService, startService } from '#clients/cli/child-service.ts'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { openIdentity } from '#clients/cli/identity.ts'
import { feedPages } from '#clients/sdk/feed.ts'
import { isPrincipalId } from '#core/principal.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'

const ROUNDS = 20
const ROWS = 3_000
const PROVINCES = ['Khyber Pakhtunkwa province', 'Punjab province', 'Sindh province']

/** Rows of no event that ever was: numbers and a province. */
const inventedRows = (): string => {
  const header =
    'id,date_start,date_end,date_prec,event_clarity,type_of_violence,side_a,side_b,' +
    'number_of_sources,source_headline,where_prec,where_coordinates,where_description,' +
    'adm_1,adm_2,latitude,longitude,deaths_civilians,best,high,low'
  const rows = Array.from({ length: ROWS }, (_, at) => {
    const province = PROVINCES[at % PROVINCES.length]
    const ids = `${at + 1},2001-01-01,2001-01-01,1,1,3,Invented A,Invented B`
    return `${ids},1,,1,Nowhere,Invented place,${province},Nowhere district,33.1,71.2,0,0,0,0`
  })
  return `${[header, ...rows].join('\n')}\n`
}

/** A random number from a seed, which is printed so that a failure can be played again. */
const chances = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

const runImport = (file: string, home: string, gateway: string) => {
  const args = [
    'bin/rabta',
    'import',
    file,
    '--home',
    home,
    '--gateway',
    gateway,
    '--json',
    '--quiet',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (text) => {
    out += text
  })
  return new Promise<{ code: number | null; out: string }>((resolve) => {
    child.once('exit', (code) => resolve({ code, out }))
  })
}

test(`a hub killed ${ROUNDS} times during an import loses nothing and doubles nothing`, async () => {
  const seed = Number(process.env['RABTA_SEED'] ?? Date.now() % 2 ** 31)
  const chance = chances(seed)
  const home = await makeTemporaryHome()
  const port = await freePort()
  const gateway = `http://127.0.0.1:${port}`
  const settings = { RABTA_HOME: home.home, RABTA_LISTEN: `127.0.0.1:${port}` }
  const start = (): Promise<ChildService> => startService('hub', settings, () => undefined)
  const file = join(home.home, 'rows.csv')
  writeFileSync(file, inventedRows())

  let hub = await start()
  const importing = runImport(file, home.home, gateway)
  let isImporting = true
  void importing.then(() => {
    isImporting = false
  })
  let killedWhileImporting = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50 + chance() * 500))
    const exited = new Promise((resolve) => hub.process.once('exit', resolve))
    hub.process.kill('SIGKILL')
    if (isImporting) killedWhileImporting += 1
    await exited
    hub = await start()
  }
  const { code, out } = await importing
  expect(code, `seed ${seed}`).toBe(0)
  // Kills after the import's end would prove little.
  expect(killedWhileImporting, `seed ${seed}`).toBeGreaterThan(ROUNDS / 2)
  const { published, alreadyThere } = JSON.parse(out)
  expect(published + alreadyThere, `seed ${seed}`).toBe(ROWS)

  const given = await feedIds(home.home, gateway)
  expect([given.length, new Set(given).size], `seed ${seed}`).toEqual([ROWS, ROWS])
  await hub.stop()
  const report = await fsckHome(home.home, { kafka: null, io: null })
  expect(report.problems, `seed ${seed}`).toEqual([])
  home.remove()
}, 300_000)

/** Every alert that the coordinator is given, verified; waits until the router has no more. */
const feedIds = async (home: string, gatewayUrl: string): Promise<readonly string[]> => {
  const principal = 'nacta/coordinator'
  if (!isPrincipalId(principal)) throw new TypeError(principal)
  const { session } = await openIdentity({ home, principal, realm: 'live', gatewayUrl })
  const ids: string[] = []
  const deadlineMs = performance.now() + 30_000
  for await (const page of feedPages(session, { limit: 500, pollMs: 200 })) {
    for (const item of page.items) {
      if (!item.ok) throw new Error(item.fault)
      ids.push(item.alert.id)
    }
    if (page.isEnd && (ids.length >= ROWS || performance.now() > deadlineMs)) break
  }
  return ids
}
