import { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { CONNECTION_BOUNDS, type ConnectionBounds } from '#adapters/http/listener.ts'
import { createServer, listen } from '#adapters/http/server.ts'
import { LIMITS } from '#core/limits.ts'
import { RawConnection } from '#tests/raw-connection.ts'

let app: FastifyInstance | null = null
const connections: RawConnection[] = []

afterEach(async () => {
  for (const one of connections.splice(0)) one.cut()
  await app?.close()
  app = null
})

const start = async (bounds: Partial<ConnectionBounds> = {}): Promise<string> => {
  app = createServer({
    logTo: null,
    readiness: [],
    bounds: { ...CONNECTION_BOUNDS, checkMs: 50, ...bounds },
  })
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) => {
    done(null, body)
  })
  app.post('/echo', async ({ body }) => ({ length: Buffer.isBuffer(body) ? body.length : 0 }))
  app.get('/hang', async () => ({ never: await new Promise(() => undefined) }))
  return listen(app, { host: '127.0.0.1', port: 0 })
}

const open = async (url: string): Promise<RawConnection> => {
  const connection = await RawConnection.open(url)
  connections.push(connection)
  return connection
}

/** What a fresh connection is told for these bytes, to its end. */
const told = async (url: string, text: string): Promise<string> => {
  const connection = await open(url)
  connection.say(text)
  return connection.closed()
}

const LIVE = 'GET /health/live HTTP/1.1\r\nHost: hub\r\n'
const POST = 'POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Type: application/octet-stream\r\n'
const codeIn = (text: string): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).code

describe('bytes that are no request are refused with a problem document, and the end', () => {
  test.each<[string, string]>([
    ['garbage', '\u0016\u0003\u0001\u0002\r\n\r\n'],
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n'],
    [
      'Content-Length beside Transfer-Encoding',
      `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding beside Content-Length',
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    ['two lengths in one', `${POST}Content-Length: 3, 3\r\n\r\nabc`],
    ['a signed length', `${POST}Content-Length: +3\r\n\r\nabc`],
    ['a length in hexadecimal', `${POST}Content-Length: 0x3\r\n\r\nabc`],
    ['a length beyond all numbers', `${POST}Content-Length: 99999999999999999999\r\n\r\nabc`],
    [
      'an encoding that is not the last chunked',
      `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['an unknown transfer encoding', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a folded header', `${LIVE}X-One: a\r\n b\r\n\r\n`],
    ['a folded transfer encoding', `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
    ['lines that end in LF alone', 'GET /health/live HTTP/1.1\nHost: hub\n\n'],
    ['one header that ends in LF alone', `${LIVE}X-One: a\nX-Two: b\r\n\r\n`],
    ['a CR alone in a header', `${LIVE}X-One: a\rX-Two: b\r\n\r\n`],
    ['a zero byte in a header', `${LIVE}X-One: a\u0000b\r\n\r\n`],
    [
      'a chunk size that is none',
      `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`,
    ],
    ['a negative chunk size', `${POST}Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n`],
    [
      'a chunk longer than it says',
      `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n`,
    ],
    [
      'a chunk size that ends in LF alone',
      `${POST}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`,
    ],
    ['an unknown method', 'STEAL /health/live HTTP/1.1\r\nHost: hub\r\n\r\n'],
    ['another version', 'GET /health/live HTTP/3.7\r\nHost: hub\r\n\r\n'],
  ])('%s', async (_what, bytes) => {
    const url = await start()
    // Were it taken for the end of one request, this would be answered as the next.
    const text = await told(url, `${bytes}${LIVE}\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(text.toLowerCase()).toContain('connection: close')
    expect(codeIn(text)).toBe('request-invalid')
  })

  test('an expectation that nobody knows is passed over', async () => {
    const text = await told(
      await start(),
      `${POST}Expect: wonders\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toContain('{"length":3}')
  })

  test('it is the same document as of any refusal, with the same safe headers', async () => {
    const text = await told(await start(), 'nonsense\r\n\r\n')
    expect(text).toContain('content-type: application/problem+json')
    expect(text).toContain("content-security-policy: default-src 'none'")
    expect(codeIn(text)).toBe('request-invalid')
  })

  test('an answer that is under way is not disturbed: the connection is cut instead', async () => {
    const url = await start()
    const text = await told(url, `GET /hang HTTP/1.1\r\nHost: hub\r\n\r\nnonsense\r\n\r\n`)
    expect(text).toBe('')
  })
})

describe('headers are bounded', () => {
  test('giant ones: 431, and the end', async () => {
    const text = await told(
      await start(),
      `${LIVE}X-Big: ${'x'.repeat(LIMITS.headersBytesMax)}\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
    expect(codeIn(text)).toBe('headers-too-large')
  })

  test('endless ones: 431 long before the end', async () => {
    const connection = await open(await start())
    connection.say(LIVE)
    for (let line = 0; line < 4_000; line += 1) connection.say(`X-${line}: 12345\r\n`)
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('one too many: 431; none is dropped in silence', async () => {
    const url = await start()
    const lines = (count: number) =>
      Array.from({ length: count }, (_, at) => `X-${at}: 1\r\n`).join('')
    const fits = await open(url)
    fits.say(`${LIVE}${lines(LIMITS.headersMax - 1)}\r\n`)
    await fits.answers(1)
    expect(fits.statuses).toEqual([200])
    const text = await told(url, `${LIVE}${lines(LIMITS.headersMax)}\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('a long address: 414', async () => {
    const text = await told(
      await start(),
      `GET /${'x'.repeat(LIMITS.urlCharactersMax)} HTTP/1.1\r\nHost: hub\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 414 /)
    expect(codeIn(text)).toBe('url-too-long')
  })

  test.each(['Authorization: Bearer', 'Host:', 'Content-Type:'])(
    '%s said twice: 400',
    async (name) => {
      const text = await told(await start(), `${LIVE}${name} one\r\n${name} two\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
    },
  )
})

describe('bodies are bounded', () => {
  test('a bomb in gzip is refused and never opened: 415', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576))
    const before = process.memoryUsage().rss
    const text = await told(
      await start(),
      `${POST}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n${bomb.toString('latin1')}`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 415 /)
    expect(codeIn(text)).toBe('encoding-unsupported')
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_048_576)
  })

  test.each(['gzip', 'br', 'deflate', 'zstd', 'identity', 'gzip, gzip'])(
    '%s: 415',
    async (encoding) => {
      const text = await told(
        await start(),
        `${POST}Content-Encoding: ${encoding}\r\nContent-Length: 1\r\n\r\nx`,
      )
      expect(text).toMatch(/^HTTP\/1\.1 415 /)
    },
  )

  test('one of a GET: 400', async () => {
    const url = await start()
    expect(await told(url, `${LIVE}Content-Length: 1\r\n\r\nx`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await told(url, `${LIVE}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    )
  })

  test('one that says it is too long, and one that does not say so: 413', async () => {
    const url = await start()
    const said = await told(url, `${POST}Content-Length: ${LIMITS.bodyBytesMax + 1}\r\n\r\nx`)
    expect(said).toMatch(/^HTTP\/1\.1 413 /)
    expect(codeIn(said)).toBe('body-too-large')
    const connection = await open(url)
    connection.say(`${POST}Transfer-Encoding: chunked\r\n\r\n`)
    for (let chunk = 0; chunk < 20; chunk += 1) connection.say(`400\r\n${'x'.repeat(1_024)}\r\n`)
    await connection.answers(1)
    expect(connection.statuses).toEqual([413])
  })

  test('chunk extensions do not go round it', async () => {
    const connection = await open(await start())
    connection.say(`${POST}Transfer-Encoding: chunked\r\n\r\n`)
    connection.say(`1;${'e'.repeat(32_768)}\r\nx\r\n`)
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('time is bounded', () => {
  const FAST = { headersMsMax: 300, requestMsMax: 600 }

  test('headers that drip in: 408, and the end', async () => {
    const connection = await open(await start(FAST))
    connection.say(LIVE)
    const dripping = setInterval(() => connection.say('X-One: 1\r\n'), 40)
    const text = await connection.closed()
    clearInterval(dripping)
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
    expect(codeIn(text)).toBe('request-slow')
  })

  test('a body that drips in: the connection ends', async () => {
    const connection = await open(await start(FAST))
    connection.say(`${POST}Content-Length: 1000\r\n\r\n`)
    const dripping = setInterval(() => connection.say('x'), 40)
    await connection.closed()
    clearInterval(dripping)
    expect(connection.statuses.filter((status) => status !== 408)).toEqual([])
  })

  test('a connection on which nothing is ever said ends', async () => {
    const connection = await open(await start(FAST))
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('one that is half open, its request not whole, ends', async () => {
    const connection = await open(await start(FAST))
    connection.say(LIVE)
    connection.socket.end()
    await connection.closed()
    expect(connection.statuses.filter((status) => status < 400)).toEqual([])
  })

  test('one that is kept alive and silent ends', async () => {
    const connection = await open(await start({ keepAliveMsMax: 100 }))
    connection.say(`${LIVE}\r\n`)
    await connection.closed()
    expect(connection.statuses).toEqual([200])
  })
})

describe('connections are bounded', () => {
  test('requests that come together on one are answered one by one, in their order', async () => {
    const connection = await open(await start())
    const posts = [1, 2, 3].map((n) => `${POST}Content-Length: ${n}\r\n\r\n${'x'.repeat(n)}`)
    connection.say(posts.join(''))
    await connection.answers(3)
    expect(connection.statuses).toEqual([200, 200, 200])
    const lengths = [...connection.text.matchAll(/\{"length":(\d)\}/g)].map(([, n]) => n)
    expect(lengths).toEqual(['1', '2', '3'])
  })

  test('past the number of all, a new one is closed at once and the open ones go on', async () => {
    const url = await start({ connectionsMax: 3, perAddressMax: 3 })
    const held = [await open(url), await open(url), await open(url)]
    for (const one of held) one.say(`${LIVE}\r\n`)
    for (const one of held) await one.answers(1)
    expect(await told(url, `${LIVE}\r\n`)).toBe('')
    held[0]?.say(`${LIVE}\r\n`)
    await held[0]?.answers(2)
    expect(held[0]?.statuses).toEqual([200, 200])
  })

  test('one address cannot take the places of others, and gets its own back', async () => {
    const url = await start({ connectionsMax: 10, perAddressMax: 2 })
    const held = [await open(url), await open(url)]
    for (const one of held) one.say(`${LIVE}\r\n`)
    for (const one of held) await one.answers(1)
    expect(await told(url, `${LIVE}\r\n`)).toBe('')
    held[0]?.cut()
    await expect
      .poll(() => told(url, `${LIVE}Connection: close\r\n\r\n`), { timeout: 10_000 })
      .toMatch(/^HTTP\/1\.1 200 /)
  })

  test('all addresses of one IPv6 network are one sender', async () => {
    await start({ connectionsMax: 10, perAddressMax: 2 })
    // No machine that tests run on has such addresses.
    const from = (address: string): Socket => {
      const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: address })
      app?.server.emit('connection', socket)
      return socket
    }
    const own = ['2001:db8::1', '2001:db8::2', '2001:db8::3'].map(from)
    const other = from('2001:db8:0:1::1')
    expect([...own, other].map(({ destroyed }) => destroyed)).toEqual([false, false, true, false])
    for (const one of [...own, other]) one.destroy()
  })
})
