import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { RATES } from '#core/rates.ts'
import { RawConnection } from '#tests/raw-connection.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'

let hub: TestHub

beforeAll(async () => {
  hub = new TestHub(await makeTemporaryHome())
  const rates = { ...RATES, 'invalid-assertions': 3 }
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, rates })
})
afterAll(async () => {
  await hub?.close()
  hub?.home.remove()
})

const raw = async (head: string): Promise<string> => {
  const connection = await RawConnection.open(hub.hub.url ?? '')
  connection.say(`${head}\r\nHost: hub\r\nConnection: close\r\n\r\n`)
  return connection.closed()
}

test('TRACE and other methods that no route has are answered as no route, and repeat nothing', async () => {
  for (const method of ['TRACE', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await raw(`${method} /v1/feed HTTP/1.1\r\nX-Mine: repeat-me`)
    expect(answer, method).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer, method).not.toContain('repeat-me')
  }
})

test('a parameter that is said twice, or is none, is refused', async () => {
  for (const query of ['from=now&from=earliest', 'from=now&limit=1&limit=2', 'from=now&admin=1']) {
    const { status, json } = await hub.get(`/v1/feed?${query}`, KP)
    expect([status, json['code']], query).toEqual([400, 'request-invalid'])
  }
})

test('a token in the address, a cookie or a body counts for nothing', async () => {
  const token = await hub.token(KP)
  const headers = { cookie: `access_token=${token}; authorization=Bearer ${token}` }
  expect((await hub.request('/v1/feed?from=now', { headers })).status).toBe(401)
  const inAddress = `GET /v1/feed?from=now&access_token=${token} HTTP/1.1`
  expect(await raw(inAddress)).toMatch(/^HTTP\/1\.1 40[01] /)
})

test('addresses that a caller says of itself change nothing of what is counted', async () => {
  const statuses: number[] = []
  for (let last = 1; last <= 4; last += 1) {
    const address = `203.0.113.${last}`
    const { status } = await hub.request('/v1/token', {
      method: 'POST',
      headers: { 'x-forwarded-for': address, forwarded: `for=${address}`, 'x-real-ip': address },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'a.b.c',
        scope: 'live',
      }),
    })
    statuses.push(status)
  }
  expect(statuses).toEqual([401, 401, 401, 429])
})

test('every answer tells browsers to run nothing, frame nothing and keep nothing', async () => {
  for (const path of ['/v1/feed', '/nothing', '/health/live']) {
    const { headers } = await hub.request(path, {})
    expect(headers.get('content-security-policy'), path).toBe(
      "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(headers.get('referrer-policy'), path).toBe('no-referrer')
    expect(headers.get('access-control-allow-origin'), path).toBeNull()
    expect(headers.get('set-cookie'), path).toBeNull()
    expect(headers.get('cache-control'), path).toBe('no-store')
  }
})
