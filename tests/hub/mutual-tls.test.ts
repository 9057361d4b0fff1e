import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openHttpsFetch } from '#adapters/https/fetch.ts'
import { feedStream } from '#clients/sdk/feed-stream.ts'
import type { Alert } from '#core/alert.ts'
import type { Classification } from '#core/classification.ts'
import type { TlsSettings } from '#core/tls-settings.ts'
import { newAuthority, PemFolder } from '#tests/certificates.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { signed, TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'

const authority = newAuthority('authority of clients')
const folder = new PemFolder()
let hub: TestHub
let tls: TlsSettings
let secret: Alert
let plain: Alert

type Who = 'none' | 'reader' | 'thief' | 'publisher' | 'stranger'
const fetches = new Map<Who, typeof fetch>()

/** From here on the hub is spoken to over connections of this client. */
const speakAs = (who: Who): typeof fetch => {
  const send = fetches.get(who)
  if (send === undefined) throw new RangeError(who)
  hub.speakBy(send)
  return send
}

const alertOf = (classification: Classification): Alert =>
  sampleAlert({ label: { ...sampleAlert().label, classification } })
const publish = async (alert: Alert) =>
  hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
const pathOf = ({ origin, id }: Alert): string => `/v1/alerts/${origin}/${id}`
const feedIds = async (): Promise<readonly unknown[]> => {
  const { json } = await hub.get('/v1/feed?from=earliest', COORDINATOR)
  return (json['items'] as readonly { readonly id: string }[]).map(({ id }) => id)
}
const lastRecord = async () => (await hub.records()).at(-1)

beforeAll(async () => {
  const authorityFile = folder.write('ca.crt', authority.certificate)
  const settings = folder.writeIdentity('hub', authority.issue('hub'))
  tls = {
    ...settings,
    clientAuthorityFile: authorityFile,
    clientCertificates: 'requested',
  }
  hub = new TestHub(await makeTemporaryHome())
  await hub.open(undefined, tls)
  fetches.set('none', await openHttpsFetch({ authorityFile, identity: null }))
  for (const who of ['reader', 'thief', 'publisher', 'stranger'] as const) {
    const issuer = who === 'stranger' ? newAuthority('another authority') : authority
    const identity = folder.writeIdentity(who, issuer.issue(who))
    fetches.set(who, await openHttpsFetch({ authorityFile, identity }))
  }
  speakAs('publisher')
  secret = alertOf('SECRET')
  plain = alertOf('CONFIDENTIAL')
  for (const alert of [secret, plain]) expect((await publish(alert)).status).toBe(201)
  await hub.settled()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  folder.remove()
})

test('the hub is there over TLS alone, and says so in its headers', async () => {
  expect(hub.hub.url).toMatch(/^https:/)
  speakAs('none')
  const { headers } = await hub.get('/v1/feed?from=now', COORDINATOR)
  expect(headers.get('strict-transport-security')).toContain('max-age=')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

describe('a bound token', () => {
  beforeEach(() => {
    speakAs('reader')
  })

  test('gives what is SECRET: as a page, by name, and to acknowledge', async () => {
    expect(await feedIds()).toEqual(expect.arrayContaining([secret.id, plain.id]))
    expect((await hub.get(pathOf(secret), COORDINATOR)).status).toBe(200)
    const token = await hub.token(COORDINATOR)
    const acknowledged = await hub.request(`${pathOf(secret)}/acknowledgements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(acknowledged.status).toBe(201)
  })

  test('names the certificate in its claims', async () => {
    const [, claims = ''] = (await hub.token(COORDINATOR)).split('.')
    const { cnf } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    expect(cnf).toEqual({ 'x5t#S256': expect.stringMatching(/^[\w-]{43}$/) })
  })

  test.each(['thief', 'none', 'stranger'] as const)('is no token for %s', async (thief) => {
    const token = await hub.token(COORDINATOR)
    const authorization = `Bearer ${token}`
    expect((await hub.request('/v1/feed', { headers: { authorization } })).status).toBe(200)
    speakAs(thief)
    for (const path of ['/v1/feed', pathOf(plain), '/v1/directory/entries', '/v1/feed/stream']) {
      const answer = await hub.request(path, { headers: { authorization } })
      expect([path, answer.status, answer.json['code']]).toEqual([path, 401, 'not-authenticated'])
    }
    const records = await hub.request('/v1/access-log/records', { headers: { authorization } })
    expect(records.status).toBe(401)
  })

  test('is none over a connection in the clear either, at another gateway of the hub', async () => {
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const answer = await hub.hub.app.inject({ url: '/v1/feed', headers: { authorization } })
    expect(answer.statusCode).toBe(401)
  })
})

describe.each(['none', 'stranger'] as const)('without a certificate that counts (%s)', (who) => {
  beforeEach(() => {
    speakAs(who)
  })

  test('what is below SECRET is there', async () => {
    expect((await hub.get(pathOf(plain), COORDINATOR)).status).toBe(200)
  })

  test('what is SECRET is as non-existent, and the record says why', async () => {
    const there = await hub.get(pathOf(secret), COORDINATOR)
    const reasons = (await lastRecord())?.reasons
    const missing = await hub.get(pathOf(sampleAlert()), COORDINATOR)
    expect([there.status, there.json['code']]).toEqual([404, 'not-found'])
    const seen = ({ json, headers }: typeof there) => {
      const { requestId: _, ...rest } = json
      const names = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return { rest, names }
    }
    expect(seen(there)).toEqual(seen(missing))
    expect(reasons).toEqual(['token-unbound'])
  })

  test('a feed passes over it, without a record', async () => {
    const before = await hub.recordCount()
    const ids = await feedIds()
    expect(ids).toContain(plain.id)
    expect(ids).not.toContain(secret.id)
    const released = (await hub.records(before)).filter(({ action }) => action === 'RELEASE')
    expect(released.map(({ alert }) => alert?.id)).toEqual(ids)
  })

  test('nobody acknowledges it, and its originator sees no status', async () => {
    const token = await hub.token(COORDINATOR)
    const acknowledged = await hub.request(`${pathOf(secret)}/acknowledgements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(acknowledged.status).toBe(404)
    expect((await lastRecord())?.reasons).toEqual(['token-unbound'])
    expect((await hub.get(`${pathOf(secret)}/status`, KP)).status).toBe(404)
    expect((await lastRecord())?.reasons).toEqual(['token-unbound'])
    expect((await hub.get(`${pathOf(plain)}/status`, KP)).status).toBe(200)
  })

  test('nothing that is SECRET is taken, not even what was taken before', async () => {
    for (const alert of [alertOf('SECRET'), secret]) {
      const answer = await publish(alert)
      expect([answer.status, answer.json['code']]).toEqual([403, 'token-unbound'])
      expect(await lastRecord()).toMatchObject({ outcome: 'DENIED', reasons: ['token-unbound'] })
    }
    expect((await publish(alertOf('CONFIDENTIAL'))).status).toBe(201)
  })
})

test('over a live stream the SDK gets what is SECRET with a bound token, and only so', async () => {
  const seenUntil = async (who: Who, wanted: readonly string[]): Promise<ReadonlySet<string>> => {
    const ending = new AbortController()
    const session = sessionAt(hub, COORDINATOR, { fetch: speakAs(who) })
    const ids = new Set<string>()
    for await (const { release } of feedStream(session, { signal: ending.signal })) {
      if (release !== null && 'alert' in release) ids.add(release.alert.id)
      if (wanted.every((id) => ids.has(id))) ending.abort()
    }
    return ids
  }
  expect(await seenUntil('reader', [secret.id, plain.id])).toContain(secret.id)
  expect(await seenUntil('none', [plain.id])).not.toContain(secret.id)
})
