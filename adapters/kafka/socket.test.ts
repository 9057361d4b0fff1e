import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { wholeAnswers } from '#adapters/kafka/socket.ts'
import { LIMITS } from '#core/limits.ts'

let server: Server
let accepted: Promise<unknown[]>

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1')
  accepted = once(server, 'connection')
  await once(server, 'listening')
})
afterEach(() => {
  server.close()
})

const connectTo = async () => {
  const { port } = server.address() as AddressInfo
  const answers: string[] = []
  const socket = wholeAnswers({
    host: '127.0.0.1',
    port,
    ssl: undefined as never,
    onConnect: () => undefined,
  })
  socket.on('data', (answer) => answers.push(answer.toString('hex')))
  const [broker] = (await accepted) as [Socket]
  return { socket, broker, answers }
}

const answer = (text: string): Buffer => {
  const body = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

test('gives each answer whole, however the bytes arrive', async () => {
  const { socket, broker, answers } = await connectTo()
  const closed = once(socket, 'close')
  const sent = fc
    .sample(fc.string({ minLength: 4, maxLength: 40 }), { numRuns: 100, seed: 1 })
    .map(answer)
  const bytes = Buffer.concat(sent)
  for (let at = 0; at < bytes.length; at += 7) {
    broker.write(bytes.subarray(at, at + 7))
    await new Promise((resolve) => setImmediate(resolve))
  }
  broker.end()
  await closed
  expect(answers).toEqual(sent.map((each) => each.toString('hex')))
})

test('withholds an answer that is cut', async () => {
  const { socket, broker, answers } = await connectTo()
  const closed = once(socket, 'close')
  broker.end(Buffer.concat([answer('whole'), answer('cut in the middle').subarray(0, 9)]))
  await closed
  expect(answers).toEqual([answer('whole').toString('hex')])
})

test('closes a connection on which no Kafka speaks, or without bound', async () => {
  for (const bodyBytes of [0, LIMITS.kafkaAnswerBytesMax]) {
    accepted = once(server, 'connection')
    const { socket, broker } = await connectTo()
    const failed = once(socket, 'error')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bodyBytes)
    broker.write(length)
    expect(String(await failed)).toContain(`an answer of ${bodyBytes + 4} bytes`)
  }
})
