import type { FastifyInstance } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { hex } from '#core/bytes.ts'
import { SCHEMAS_BY_FINGERPRINT } from '#core/codecs.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'

/** What everyone may know: the schemas, and the policy that every decision is made by. */
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
      const digest = hex(deps.policy.digest)
      if (request.params.digest !== digest) return sendRefusal(reply, { code: 'not-found' })
      const files = Object.fromEntries(deps.policyFiles)
      return reply.header('cache-control', IMMUTABLE).send({ digest, files })
    },
  )
}

const IMMUTABLE = 'public, max-age=31536000, immutable'
