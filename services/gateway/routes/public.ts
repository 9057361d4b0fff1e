import type { FastifyInstance } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { SCHEMAS_BY_FINGERPRINT } from '#core/codecs.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'

/** What everyone may know: the schemas, and the policies that are here: that which decides, and the next. */
export const publicRoutes = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.get('/v1/schemas', { config: { doc: DOCS.schemas } }, async () => ({
    schemas: [...SCHEMAS_BY_FINGERPRINT].map(([fingerprint, { name }]) => ({ fingerprint, name })),
  }))

  app.get<{ Params: { fingerprint: string } }>(
    '/v1/schemas/:fingerprint',
    { config: { doc: DOCS.schema } },
    (request, reply) => {
      const schema = SCHEMAS_BY_FINGERPRINT.get(request.params.fingerprint)
      if (schema === undefined) return sendRefusal(reply, { code: 'not-found' })
      return reply.header('cache-control', IMMUTABLE).send(schema)
    },
  )

  app.get<{ Params: { digest: string } }>(
    '/v1/policies/:digest',
    { config: { doc: DOCS.policy } },
    (request, reply) => {
      const { digest } = request.params
      const files = deps.policyFiles.get(digest)
      if (files === undefined) return sendRefusal(reply, { code: 'not-found' })
      return reply.header('cache-control', IMMUTABLE).send({ digest, files })
    },
  )
}

const IMMUTABLE = 'public, max-age=31536000, immutable'
