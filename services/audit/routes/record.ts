import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { chooseType } from '#adapters/http/media-type.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { base64, fromUtf8, hex } from '#core/bytes.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { type Asker, askerOf } from '#services/audit/asker.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { DOCS } from '#services/audit/docs.ts'
import { proveLeaf } from '#services/audit/prove-leaf.ts'
import { allowQuery, type Query, refuseQuery } from '#services/audit/query-record.ts'
import { type Leaf, readLeaf } from '#services/audit/read-records.ts'
import { leafView } from '#services/audit/record-formats.ts'
import { canSee, scopeOf } from '#services/audit/scope.ts'

const Params = Type.Object({
  index: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
})
type Params = Static<typeof Params>

const PROOF_TYPES = ['text/plain', 'application/json'] as const

/**
 * GET /v1/access-log/records/{index} and its proof: for auditors what they may see, for everyone
 * else their own ALLOWED records. What one may not see is as what is not there.
 */
export const recordRoutes = (app: FastifyInstance, deps: AuditDeps): void => {
  app.get<{ Params: Params }>(
    '/v1/access-log/records/:index',
    { schema: { params: Params }, config: { doc: DOCS.record } },
    async (request, reply) => {
      const asked = await askFor(deps, request, 'SEARCH')
      if (!asked.ok) return sendRefusal(reply, asked.refusal)
      const refusal = await release(deps, asked.value)
      if (refusal !== null) return sendRefusal(reply, refusal)
      return reply.header('cache-control', PRIVATE).send(leafView(asked.value.leaf))
    },
  )

  app.get<{ Params: Params }>(
    '/v1/access-log/records/:index/proof',
    { schema: { params: Params }, config: { doc: DOCS.proof } },
    async (request, reply) => {
      const type = chooseType(request.headers.accept, PROOF_TYPES)
      if (type === null) {
        return sendRefusal(reply, refuse('not-acceptable', PROOF_TYPES.join(', ')).refusal)
      }
      const asked = await askFor(deps, request, 'PROOF')
      if (!asked.ok) return sendRefusal(reply, asked.refusal)
      const proven = await proveLeaf(deps, asked.value.leaf)
      if (!proven.ok) return sendRefusal(reply, proven.refusal)
      const refusal = await release(deps, asked.value)
      if (refusal !== null) return sendRefusal(reply, refusal)
      reply.header('cache-control', PRIVATE).type(`${type}; charset=utf-8`)
      const { text, file, leafHash } = proven.value
      if (type === 'text/plain') return reply.send(Buffer.from(text))
      return reply.send({
        index: file.index,
        leafHash: hex(leafHash),
        proof: file.proof.map(base64),
        checkpoint: fromUtf8(file.checkpoint),
        bytes: base64(asked.value.leaf.bytes),
      })
    },
  )
}

const PRIVATE = 'private, no-store'

interface Asked {
  readonly asker: Asker
  readonly query: Query
  readonly leaf: Leaf
}

/** The leaf that is asked for, if the caller may see it; else refused, and recorded as such. */
const askFor = async (
  deps: AuditDeps,
  request: FastifyRequest<{ Params: Params }>,
  action: Query['action'],
): Promise<Result<Asked>> => {
  const asker = await askerOf(deps, request)
  if (!asker.ok) return asker
  const { index } = request.params
  const query = { action, alert: null, terms: JSON.stringify(['record', index]) }
  const leaf = await readLeaf(deps.log, index)
  const { caller } = asker.value
  if (leaf !== null && canSee(scopeOf(deps, caller), caller, leaf.record)) {
    return accept({ asker: asker.value, query, leaf })
  }
  // The same answer and the same record, whether the leaf is there or not.
  const denial = { reasons: ['not-found'], refusal: { code: 'not-found' } } as const
  return { ok: false, refusal: await refuseQuery(deps, asker.value, query, denial) }
}

const release = (deps: AuditDeps, { asker, query, leaf }: Asked) =>
  allowQuery(deps, asker, query, (now) => canSee(now, asker.caller, leaf.record))
