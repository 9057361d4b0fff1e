import { randomUUID } from 'node:crypto'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import { addDocument, DOCS } from '#adapters/http/document.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import { type Refusal, type RefusalCode, refuse } from '#core/refusal.ts'

export interface ServerOptions {
  /** Where log lines go; null for none. */
  readonly logTo: LogDestination | null
  readonly readiness: readonly Readiness[]
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
export const createServer = ({ logTo, readiness }: ServerOptions): FastifyInstance => {
  const app = fastify({
    bodyLimit: LIMITS.signedAlertBytesMax,
    connectionTimeout: LIMITS.connectionMsMax,
    requestTimeout: LIMITS.requestMsMax,
    keepAliveTimeout: LIMITS.keepAliveMsMax,
    maxRequestsPerSocket: 0,
    routerOptions: { maxParamLength: LIMITS.pathPartCharactersMax },
    // A mistyped filter is refused: left out in silence it would widen what is asked for.
    ajv: { customOptions: { removeAdditional: false } },
    genReqId: () => randomUUID(),
    logger: logTo === null ? false : { level: 'info', serializers: SERIALIZERS, stream: logTo },
    forceCloseConnections: 'idle',
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
  app.addHook('onSend', async (_request, reply) => {
    marked(reply)
  })
  addDocument(app)
  addHealth(app, readiness)
  return app
}

/** What every answer carries. */
const marked = (reply: FastifyReply): FastifyReply =>
  reply.header('x-content-type-options', 'nosniff').header('x-request-id', reply.request.id)

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
  FST_ERR_CTP_BODY_TOO_LARGE: 'alert-too-large',
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
