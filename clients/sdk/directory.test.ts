import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { base64, equalBytes } from '#core/bytes.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { enter, nextEntry } from '#tests/directory-entries.ts'
import { altering, HostileProxy } from '#tests/hostile-proxy.ts'
import { agencyId } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let proxy: HostileProxy
let url = ''

beforeAll(async () => {
  hub = await openTestHub()
  proxy = new HostileProxy(() => hub.hub.url ?? '')
  url = await proxy.open()
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
  hub.home.remove()
})
afterEach(() => {
  proxy.alter = (_path, answer) => answer
})

const mirror = () => sessionAt(hub, 'ctd-kp/analyst', { url }).directory

const SUSPENSION: DirectoryChange = {
  type: 'AgencyStanding',
  agency: agencyId('ctd-gb'),
  suspended: true,
}

interface Page {
  entries: { offset: number; bytes: string }[]
  head: { sequence: number; digest: string }
}
const onPage = (change: (page: Page) => void) =>
  altering('/v1/directory', (page) => change(page as unknown as Page))

describe('the mirror of the directory', () => {
  test('comes to the same directory as the hub, from the pinned genesis', async () => {
    const directory = mirror()
    expect(await directory.catchUp()).toBe(true)
    const { state } = hub.hub.parts.directory
    expect(directory.state).toEqual(state)
    expect(directory.ignored).toEqual([])
    expect(
      equalBytes(directory.digestAt(0) ?? Uint8Array.of(), hub.home.founding.genesisDigest),
    ).toBe(true)
    expect(directory.digestAt(state.sequence)).toEqual(state.digest)
    expect(directory.digestAt(state.sequence + 1)).toBeNull()
  })

  test('asks only for what it does not know, once for all who wait', async () => {
    const directory = mirror()
    proxy.paths.length = 0
    await Promise.all([directory.catchUp(5), directory.catchUp(3), directory.catchUp(0)])
    await directory.catchUp(7)
    const asked = proxy.paths.filter((path) => path.startsWith('/v1/directory'))
    expect(asked).toEqual(['/v1/directory/entries?from=0&limit=500'])
  })

  test('goes on by pages of whatever length', async () => {
    proxy.alter = onPage((page) => {
      page.entries.splice(7)
    })
    const directory = mirror()
    await directory.catchUp()
    expect(directory.state).toEqual(hub.hub.parts.directory.state)
  })

  test('passes over entries that somebody had no right to write, and reports them', async () => {
    const stranger = openSigner(generateKey('Ed25519').privatePem)
    const { log, directory: own } = hub.hub.parts
    const offset = await log.head(DIRECTORY_TOPIC)
    const forged = await nextEntry(hub, stranger, SUSPENSION)
    const beyond = await nextEntry(hub, hub.home.administratorSigner('ctd-kp'), SUSPENSION)
    await log.append(DIRECTORY_TOPIC, [forged.bytes, beyond.bytes, Uint8Array.of(1, 2, 3)])
    await own.catchUp()
    await enter(hub, hub.home.rootSigner, { ...SUSPENSION, agency: agencyId('ctd-ajk') })
    const directory = mirror()
    await directory.catchUp()
    expect(directory.state).toEqual(own.state)
    expect(directory.ignored).toEqual([
      { offset, fault: 'unknown-signer' },
      { offset: offset + 1, fault: 'not-authorised' },
      { offset: offset + 2, fault: 'malformed' },
    ])
  })

  test('hears of a later entry when it is asked to come up to it', async () => {
    const directory = mirror()
    await directory.catchUp()
    await enter(hub, hub.home.rootSigner, SUSPENSION)
    const { sequence } = hub.hub.parts.directory.state
    expect(await directory.catchUp(sequence)).toBe(true)
    expect(directory.state.agencies.get(agencyId('ctd-gb'))?.standings.at(-1)?.suspended).toBe(true)
    expect(await directory.catchUp(sequence + 1)).toBe(false)
  })
})

describe('a hub that lies about the directory', () => {
  test('cannot put an entry of its own into it', async () => {
    const stranger = openSigner(generateKey('Ed25519').privatePem)
    const forged = await nextEntry(hub, stranger, SUSPENSION)
    proxy.alter = onPage(({ entries }) => {
      const last = entries.at(-1)
      if (last) entries.push({ offset: last.offset + 1, bytes: base64(forged.bytes) })
    })
    const directory = mirror()
    await directory.catchUp()
    expect(directory.state).toEqual(hub.hub.parts.directory.state)
    expect(directory.ignored.at(-1)?.fault).toBe('unknown-signer')
  })

  test('cannot begin it with another genesis entry', async () => {
    const other = await openTestHub()
    const [genesis] = other.home.founding.entries
    await other.close()
    other.home.remove()
    proxy.alter = onPage(({ entries, head }) => {
      const [first] = entries
      if (first) first.bytes = base64(genesis ?? Uint8Array.of())
      head.sequence = 0
    })
    const directory = mirror()
    expect(await failureOf(directory.catchUp())).toMatchObject({ code: 'directory-withheld' })
    expect([directory.state.sequence, directory.ignored[0]?.fault]).toEqual([-1, 'not-pinned'])
  })

  test('cannot leave an entry out', async () => {
    proxy.alter = onPage(({ entries }) => entries.splice(4, 1))
    expect(await failureOf(mirror().catchUp())).toMatchObject({ code: 'directory-gap' })
  })

  test('cannot leave one out and count again: the chain breaks', async () => {
    proxy.alter = onPage((page) => {
      page.entries.splice(2, 1)
      for (const [at, entry] of page.entries.entries()) entry.offset = at
      if (page.entries.length < 10) page.entries = []
    })
    const directory = mirror()
    const failure = await failureOf(directory.catchUp())
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code: 'directory-withheld' })
    expect(directory.state.sequence).toBe(1)
    expect(directory.ignored[0]).toEqual({ offset: 2, fault: 'wrong-sequence' })
  })

  test('cannot keep the end to itself while it judges by it', async () => {
    proxy.alter = onPage((page) => {
      page.entries = page.entries.filter(({ offset }) => offset < 20)
    })
    expect(await failureOf(mirror().catchUp())).toMatchObject({ code: 'directory-withheld' })
  })

  test('cannot go by another directory than the one it gives', async () => {
    proxy.alter = onPage(({ head }) => {
      head.digest = '00'.repeat(32)
    })
    expect(await failureOf(mirror().catchUp())).toMatchObject({ code: 'directory-differs' })
  })

  test('cannot make it endless', async () => {
    proxy.alter = (path, answer) => {
      if (!path.startsWith('/v1/directory')) return answer
      const from = Number(new URL(path, 'http://x').searchParams.get('from'))
      const entries = [{ offset: from, bytes: 'AAAA' }]
      const body = { entries, head: { sequence: 5, digest: '00'.repeat(32) } }
      return { ...answer, status: 200, body: Buffer.from(JSON.stringify(body)) }
    }
    const directory = mirror()
    expect(await failureOf(directory.catchUp())).toMatchObject({ code: 'directory-gap' })
    expect(directory.ignored.length).toBeLessThanOrEqual(1_000)
  })
})
