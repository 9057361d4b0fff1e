import { randomUUID } from 'node:crypto'
import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { problemOf } from '#adapters/http/refusals.ts'
import { safeHeaders } from '#adapters/http/safe-headers.ts'
import type { ServerTls } from '#adapters/http/server-tls.ts'
import { LIMITS } from '#core/limits.ts'
import { networkOf } from '#core/network.ts'
import type { RefusalCode } from '#core/refusal.ts'

/** What one connection, and all of them, may cost. */
export interface ConnectionBounds {
  readonly headersMsMax: number
  readonly requestMsMax: number
  readonly keepAliveMsMax: number
  readonly checkMs: number
  readonly connectionsMax: number
  readonly perAddressMax: number
}

export const CONNECTION_BOUNDS: ConnectionBounds = {
  headersMsMax: LIMITS.headersMsMax,
  requestMsMax: LIMITS.requestMsMax,
  keepAliveMsMax: LIMITS.keepAliveMsMax,
  checkMs: LIMITS.connectionsCheckMs,
  connectionsMax: LIMITS.connectionsMax,
  perAddressMax: LIMITS.connectionsPerAddressMax,
}

/** A server of HTTP/1.1 with bounds on all that a connection can take, over TLS when it is given. */
export const openListener = (
  handler: RequestListener,
  tls: ServerTls | null,
  bounds: ConnectionBounds,
): Server => {
  const owed = new Owed()
  const counted: RequestListener = (request, response) => {
    owed.begin(request.socket, response)
    handler(request, response)
  }
  const server = serverFor(counted, tls, {
    maxHeaderSize: LIMITS.headersBytesMax,
    headersTimeout: bounds.headersMsMax,
    requestTimeout: bounds.requestMsMax,
    keepAliveTimeout: bounds.keepAliveMsMax,
    connectionsCheckingInterval: bounds.checkMs,
    insecureHTTPParser: false,
    // Refused with a problem document by request-form.ts; Node's own answer has no body.
    requireHostHeader: false,
  })
  // Past a number of headers Node drops the rest in silence; they are counted and refused instead.
  server.maxHeadersCount = 0
  server.setTimeout(LIMITS.connectionMsMax)
  // Past it a connection is closed at once, before anything is read: an answer would cost more.
  server.maxConnections = bounds.connectionsMax
  boundEachAddress(server, bounds.perAddressMax)
  // Node's own answer to an expectation that it does not know has no body; passing over one is as
  // right (RFC 9110 §10.1.1).
  server.on('checkExpectation', counted)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerUnread(error, socket, owed)
  })
  return server
}

const serverFor = (
  handler: RequestListener,
  tls: ServerTls | null,
  options: Parameters<typeof createHttpServer>[0] & object,
): Server => {
  if (tls === null) return createHttpServer(options, handler)
  const server = createHttpsServer({ ...options, ...tls.serverOptions }, handler)
  tls.keep(server)
  return server
}

/** So that one sender, whatever addresses its network gives it, cannot hold all the places there are. */
const boundEachAddress = (server: Server, perAddressMax: number): void => {
  const open = new Map<string, number>()
  server.prependListener('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '')
    const already = open.get(address) ?? 0
    if (already >= perAddressMax) {
      socket.destroy()
      return
    }
    open.set(address, already + 1)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}

/** What answers are owed on which connection. */
class Owed {
  private readonly answers = new WeakMap<object, Set<ServerResponse>>()

  begin(socket: object, response: ServerResponse): void {
    const owed = this.answers.get(socket) ?? new Set()
    this.answers.set(socket, owed.add(response))
    response.once('close', () => owed.delete(response))
  }

  /** Whether a refusal of what the parser stumbled over would be taken for that, and nothing else. */
  mayBeRefused(socket: object): boolean {
    const [first, ...others] = this.answers.get(socket) ?? []
    if (first === undefined) return true
    // The rest of a body that nobody has been handed yet, and no request before it.
    return others.length === 0 && !first.headersSent && !first.req.complete
  }
}

/** What Node's parser says of bytes that never become a request. */
const BY_PARSER_CODE: Readonly<Record<string, RefusalCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-slow',
}

/**
 * Answers bytes that are no request, and closes: where the next request would begin nobody knows,
 * and what is taken for its beginning could be another's (request smuggling). Without a word where
 * an answer is under way, which the refusal would be taken for a part of.
 */
const answerUnread = (
  error: NodeJS.ErrnoException,
  socket: NodeJS.WritableStream & { destroySoon?: () => void },
  owed: Owed,
): void => {
  const connection = socket as Socket
  const code = error.code ?? ''
  // Anything else is a handshake that failed, or a connection that is no more.
  const isHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (!isHttp || !connection.writable || !owed.mayBeRefused(connection)) {
    connection.destroy()
    return
  }
  const refusal = BY_PARSER_CODE[code] ?? 'request-invalid'
  connection.write(rawAnswer(refusal, connection instanceof TLSSocket))
  connection.destroySoon()
}

const rawAnswer = (code: RefusalCode, isEncrypted: boolean): string => {
  const requestId = randomUUID()
  const problem = problemOf({ code }, requestId)
  const body = JSON.stringify(problem)
  const headers = {
    ...safeHeaders(isEncrypted),
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const { status } = problem
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
