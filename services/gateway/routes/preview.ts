import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { labelFromJson } from '#core/label-json.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { previewLabel } from '#services/gateway/preview-label.ts'
import { readerWithin } from '#services/gateway/reader.ts'

/** The label is read by core: the validator here would make a list of a text, and null of a list. */
const Body = Type.Object(
  { label: Type.Unknown({ description: 'The label of an alert; lists sorted.' }) },
  { additionalProperties: false },
)

/** POST /v1/label/preview: whom a label would reach, and why it would not reach the others. */
export const previewRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.post<{ Body: Static<typeof Body> }>(
    '/v1/label/preview',
    { schema: { body: Body }, config: { doc: DOCS.preview } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'previews')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const label = labelFromJson(request.body.label)
      if (!label.ok) return sendRefusal(reply, label.refusal)
      const preview = await previewLabel(deps, reader.value, label.value)
      if (!preview.ok) return sendRefusal(reply, preview.refusal)
      return reply.header('cache-control', 'private, no-store').send(preview.value)
    },
  )
}
