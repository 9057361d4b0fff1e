import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServer, listen } from '#adapters/http/server.ts'
import { openServerTls, type ServerTls } from '#adapters/http/server-tls.ts'
import type { ClientCertificates } from '#core/tls-settings.ts'
import { newAuthority, PemFolder } from '#tests/certificates.ts'

const AUTHORITY = newAuthority('test authority')
const SERVER = AUTHORITY.issue('hub')
const CLIENT = AUTHORITY.issue('client')
const STRANGER = newAuthority('another authority').issue('client')

let folder: PemFolder
let app: FastifyInstance
let tls: ServerTls
let url: string
let opened: TLSSocket[] = []

beforeEach(() => {
  folder = new PemFolder()
})

afterEach(async () => {
  for (const socket of opened) socket.destroy()
  opened = []
  await app?.close()
  folder.remove()
})

const start = async (clientCertificates: ClientCertificates = 'none'): Promise<void> => {
  const files = folder.writeIdentity('server', SERVER)
  const ca = folder.write('ca.crt', AUTHORITY.certificate)
  const clientAuthorityFile = clientCertificates === 'none' ? null : ca
  tls = await openServerTls({ ...files, clientAuthorityFile, clientCertificates })
  app = createServer({ logTo: null, readiness: [], tls })
  url = await listen(app, { host: '127.0.0.1', port: 0 })
}

interface Told {
  readonly text: string
  readonly protocol: string | null
  readonly isResumed: boolean
  readonly serverCertificate: string
  readonly session: Buffer | null
}

/** What a client is told by the whole way of a request; null when it gets no answer. */
const ask = async (options: ConnectionOptions = {}): Promise<Told | null> => {
  const port = Number(new URL(url).port)
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: AUTHORITY.certificate,
    ...options,
  })
  opened.push(socket)
  let text = ''
  let isResumed = false
  let session: Buffer | null = null
  socket.on('data', (part) => {
    text += part.toString()
  })
  socket.on('session', (given: Buffer) => {
    session = given
  })
  socket.on('error', () => undefined)
  socket.once('secureConnect', () => {
    socket.write('GET /health/live HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n')
  })
  const protocol: { value: string | null; certificate: string } = { value: null, certificate: '' }
  socket.once('secureConnect', () => {
    protocol.value = socket.getProtocol()
    isResumed = socket.isSessionReused()
    protocol.certificate = socket.getPeerX509Certificate()?.toString() ?? ''
  })
  await once(socket, 'close').catch(() => undefined)
  if (text === '') return null
  const { value, certificate } = protocol
  return { text, protocol: value, isResumed, serverCertificate: certificate, session }
}

const identityOf = ({ certificate, key }: typeof CLIENT) => ({ cert: certificate, key })

describe('a server with TLS', () => {
  test('says so in its address, speaks 1.3 and tells browsers to stay with it', async () => {
    await start()
    expect(url).toMatch(/^https:/)
    const told = await ask()
    expect(told?.protocol).toBe('TLSv1.3')
    expect(told?.text).toMatch(/^strict-transport-security: max-age=\d{8}; includeSubDomains\r$/m)
  })

  test('speaks no version before 1.3, and nothing in the clear', async () => {
    await start()
    expect(await ask({ maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' })).toBeNull()
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow()
  })

  test('takes up no session again, in which an old verdict would live on', async () => {
    await start('requested')
    const told = await ask(identityOf(CLIENT))
    expect(told?.text).toMatch(/^HTTP\/1\.1 200 /)
    const session = told?.session ?? undefined
    const again = await ask({ ...identityOf(CLIENT), ...(session && { session }) })
    expect(again?.text).toMatch(/^HTTP\/1\.1 200 /)
    expect(again?.isResumed).toBe(false)
  })
})

describe('certificates of clients', () => {
  test.each<[string, ClientCertificates, ConnectionOptions, boolean]>([
    ['required and brought', 'required', identityOf(CLIENT), true],
    ['required and not brought', 'required', {}, false],
    ['required and of another authority', 'required', identityOf(STRANGER), false],
    [
      'required and expired',
      'required',
      identityOf(AUTHORITY.issue('client', { expired: true })),
      false,
    ],
    ['requested and brought', 'requested', identityOf(CLIENT), true],
    ['requested and not brought', 'requested', {}, true],
    ['not asked for', 'none', {}, true],
  ])('%s', async (_what, wanted, options, isAnswered) => {
    await start(wanted)
    expect((await ask(options)) !== null).toBe(isAnswered)
  })
})

describe('its files', () => {
  test('are not taken when others can read the key', async () => {
    const files = folder.writeIdentity('server', SERVER)
    folder.write('server.key', SERVER.key, 0o640)
    const settings = { ...files, clientAuthorityFile: null, clientCertificates: 'none' } as const
    await expect(openServerTls(settings)).rejects.toMatchObject({
      name: 'LoosePermissions',
    })
  })

  test('are not taken when the key is not the certificate’s', async () => {
    const files = folder.writeIdentity('server', { ...SERVER, key: CLIENT.key })
    const settings = { ...files, clientAuthorityFile: null, clientCertificates: 'none' } as const
    await expect(openServerTls(settings)).rejects.toMatchObject({ name: 'TlsUnusable' })
  })

  test('are read again when asked: new connections get the new ones', async () => {
    await start()
    const before = await ask()
    folder.writeIdentity('server', AUTHORITY.issue('hub'))
    await tls.reload()
    const after = await ask()
    expect(after?.text).toMatch(/^HTTP\/1\.1 200 /)
    expect(after?.serverCertificate).not.toBe(before?.serverCertificate)
    expect(after?.protocol).toBe('TLSv1.3')
    expect(await ask({ maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' })).toBeNull()
  })

  test('of a new authority of clients shut out the certificates of the old one', async () => {
    await start('required')
    expect(await ask(identityOf(CLIENT))).not.toBeNull()
    folder.write('ca.crt', newAuthority('a new authority').certificate)
    await tls.reload()
    expect(await ask(identityOf(CLIENT))).toBeNull()
  })

  test('that are half changed are not taken, and the old ones go on', async () => {
    await start()
    folder.writeIdentity('server', { ...AUTHORITY.issue('hub'), key: SERVER.key })
    await expect(tls.reload()).rejects.toMatchObject({ name: 'TlsUnusable' })
    expect((await ask())?.text).toMatch(/^HTTP\/1\.1 200 /)
  })
})
