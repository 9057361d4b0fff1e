/**
 * What the hub is compared with: a Fastify route that takes the same body and gives an answer of
 * the same form, and does nothing else. A program of its own, as the hub is.
 */
import { fastify } from 'fastify'
import { untilStopped } from '#adapters/process/until-stopped.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'

const ANSWER = {
  origin: 'ctd-kp',
  id: '00000000-0000-4000-8000-000000000000',
  digest: '0'.repeat(64),
  acceptedAtMs: 1_760_000_000_000,
  record: { index: 1_000_000, bytes: 'A'.repeat(380) },
}

const app = fastify({ logger: false })
app.addContentTypeParser(SIGNED_ALERT_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body)
})
app.post('/v1/alerts', async (_request, reply) => reply.code(201).send({ ...ANSWER }))

const url = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${JSON.stringify({ url })}\n`)
await untilStopped()
await app.close()
