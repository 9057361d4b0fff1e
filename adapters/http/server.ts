import { randomUUID } from 'node:crypto'
import { Server as TlsServer } from 'node:tls'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import { isEncrypted } from '#adapters/http/client-certificate.ts'
import { addDocument, DOCS } from '#adapters/http/document.ts'
import { CONNECTION_BOUNDS, type ConnectionBounds, openListener } from '#adapters/http/listener.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { formFault } from '#adapters/http/request-form.ts'
import { addMetrics } from '#adapters/http/request-metrics.ts'
import { safeHeaders } from '#adapters/http/safe-headers.ts'
import type { ServerTls } from '#adapters/http/server-tls.ts'
import { LIMITS } from '#core/limits.ts'
import { Metrics } from '#core/metrics/metrics.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import { type Refusal, type RefusalCode, refuse } from '#core/refusal.ts'
import type { ListenAddress } from '#core/setting.ts'

export interface ServerOptions {
  /** Where log lines go; null for none. */
  readonly logTo: LogDestination | null
  readonly readiness: readonly Readiness[]
  /** What the service speaks TLS with; null or left out: it speaks in the clear. */
  readonly tls?: ServerTls | null
  readonly bounds?: ConnectionBounds
  /** Of the process; left out: of this server alone. */
  readonly metrics?: Metrics
}

/** Takes log lines, one JSON object each. */
export interface LogDestination {
  write(line: string): void
}

/** One function of a service that can be exercised: null when it works, else a short why. */
export interface Readiness {
  readonly name: string
  /** The service does its work without it, less well: then it is `degraded`, and still ready. */
  readonly isDispensable?: boolean
  check(): Promise<string | null>
}

/** A server with what every service has: ids, limits, one error table, health, quiet logs. */
export const createServer = (options: ServerOptions): FastifyInstance => {
  const { logTo, readiness, tls = null, bounds = CONNECTION_BOUNDS } = options
  const { metrics = new Metrics() } = options
  const app = fastify({
    serverFactory: (handler) => openListener(handler, tls, bounds),
    bodyLimit: LIMITS.bodyBytesMax,
    routerOptions: { maxParamLength: LIMITS.pathPartCharactersMax },
    // A mistyped filter is refused: left out in silence it would widen what is asked for.
    ajv: { customOptions: { removeAdditional: false } },
    genReqId: () => randomUUID(),
    logger: logTo === null ? false : { level: 'info', serializers: SERIALIZERS, stream: logTo },
    forceCloseConnections: 'idle',
    // The listener answers what is no request.
    clientErrorHandler: () => undefined,
    // Of an address that cannot be read: without this the answer would repeat it.
    frameworkErrors: (_error, _request, reply) => {
      // No hook runs for such an address.
      sendRefusal(marked(reply), { code: 'request-invalid' })
    },
  })
  // Each route says which bodies it takes; plain text is none of them.
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = refusalFor(error)
    if (refusal.code === 'internal') request.log.error({ name: error.name, stack: error.stack })
    return sendRefusal(reply, refusal)
  })
  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, { code: 'route-unknown' }))
  app.addHook('onRequest', async (request, reply) => {
    const fault = formFault(request)
    // What else comes over this connection may be part of what was refused unread.
    if (fault !== null) return sendRefusal(reply.header('connection', 'close'), fault)
  })
  app.addHook('onSend', async (_request, reply) => {
    marked(reply)
  })
  letGoWhenClosing(app)
  addDocument(app)
  addHealth(app, readiness)
  addMetrics(app, metrics)
  return app
}

/** Connections that are idle when the server closes are closed with it. One that still had an answer
 * to come would be kept alive by its client behind it, and the process with it. */
const letGoWhenClosing = (app: FastifyInstance): void => {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    // Of answers whose headers are sent already.
    app.server.keepAliveTimeout = 1
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

/** What every answer carries unless its route says otherwise. */
const marked = (reply: FastifyReply): FastifyReply => {
  for (const [name, value] of Object.entries(safeHeaders(isEncrypted(reply.request)))) {
    if (!reply.hasHeader(name)) reply.header(name, value)
  }
  return reply.header('x-request-id', reply.request.id)
}

/** Listens; resolves with the address for the line that says so. */
export const listen = async (app: FastifyInstance, address: ListenAddress): Promise<string> => {
  const secured = (url: string) =>
    app.server instanceof TlsServer ? url.replace(/^http:/, 'https:') : url
  return secured(
    await app.listen({ ...address, listenTextResolver: (url) => `listening at ${secured(url)}` }),
  )
}

/** Only what is named here is logged: method, route pattern, status, time; no query, no content. */
const SERIALIZERS = {
  req: ({ method, routeOptions }: FastifyRequest) => ({
    method,
    route: routeOptions.url ?? 'unknown',
  }),
  res: ({ statusCode }: { readonly statusCode: number }) => ({ status: statusCode }),
}

const addHealth = (app: FastifyInstance, readiness: readonly Readiness[]): void => {
  app.get('/health/live', { logLevel: 'warn', config: { doc: DOCS.live } }, async () => ({
    status: 'live',
  }))
  app.get(
    '/health/ready',
    { logLevel: 'warn', config: { doc: DOCS.ready } },
    async (_request, reply) => {
      const { code, ...body } = await healthFrom(readiness)
      return reply.code(code).header('cache-control', 'no-store').send(body)
    },
  )
}

const healthFrom = async (readiness: readonly Readiness[]) => {
  const results = await Promise.all(
    readiness.map(async ({ name, isDispensable = false, check }) => {
      return { name, isDispensable, why: await safely(check) }
    }),
  )
  const failed = results.filter(({ why }) => why !== null)
  const isReady = failed.every(({ isDispensable }) => isDispensable)
  const status = isReady ? (failed.length === 0 ? 'ready' : 'degraded') : 'not ready'
  const checks = results.map(({ name, why }) => ({ name, status: why ?? 'ok' }))
  return { code: isReady ? 200 : 503, status, checks }
}

const safely = async (check: () => Promise<string | null>): Promise<string | null> => {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.name : 'failed'
  }
}

const BY_FASTIFY_CODE: Readonly<Record<string, RefusalCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_EMPTY_TYPE: 'media-type-unsupported',
}

const refusalFor = (error: FastifyError): Refusal => {
  if (error instanceof LogUnavailable) return { code: 'log-unavailable' }
  if (error instanceof OutcomeUnknown) return { code: 'outcome-unknown' }
  const known = BY_FASTIFY_CODE[error.code]
  if (known !== undefined) return { code: known }
  if (error.validation !== undefined) return refuse('request-invalid', error.message).refusal
  const status = error.statusCode ?? 500
  return { code: status >= 400 && status < 500 ? 'request-invalid' : 'internal' }
}
