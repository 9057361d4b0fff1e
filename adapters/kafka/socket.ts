import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { LIMITS } from '#core/limits.ts'

const KEEP_ALIVE_MS = 60_000
const LENGTH_BYTES = 4
/** The length, and the number of the request that it answers. */
const ANSWER_BYTES_MIN = 8

/**
 * Sockets that give kafkajs whole answers only. It keeps the half answer that a connection was cut
 * in and reads the next connection's first answer as its other half: that throws where nobody can
 * catch it, and ends the process.
 */
export const wholeAnswers: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const servername = isIP(host) === 0 ? { servername: host } : {}
  const socket = ssl
    ? connectTls({ host, port, ...servername, ...ssl }, onConnect)
    : connect({ host, port }, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.setNoDelay(true)
  return withWholeAnswers(socket)
}

/** The sockets of one log, which can all be cut: kafkajs waits for answers that may never come. */
export class Sockets {
  readonly #open = new Set<Socket>()
  #isCut = false

  readonly factory: ISocketFactory = (options) => {
    const socket = wholeAnswers(options)
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    if (this.#isCut) socket.destroy(new Error(CUT))
    return socket
  }

  /** Rejects every request that is under way, and every connection from now on. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#open) socket.destroy(new Error(CUT))
  }
}

const CUT = 'the log is being closed'

type Listener = (...values: unknown[]) => void

const withWholeAnswers = (socket: Socket): Socket => {
  const on: (event: string, listener: Listener) => Socket = socket.on.bind(socket)
  const onWhole = (event: string, listener: Listener): Socket =>
    event === 'data' ? on(event, answersOf(socket, listener)) : on(event, listener)
  return Object.assign(socket, { on: onWhole })
}

/** Collects what arrives; an answer is a length of four bytes and that many more. */
const answersOf = (socket: Socket, onAnswer: (answer: Buffer) => void): Listener => {
  let chunks: Buffer[] = []
  let held = 0
  let needed = LENGTH_BYTES
  const take = (): void => {
    while (held >= needed) {
      const bytes = Buffer.concat(chunks, held)
      const answerBytes = LENGTH_BYTES + bytes.readUInt32BE()
      if (answerBytes < ANSWER_BYTES_MIN || answerBytes > LIMITS.kafkaAnswerBytesMax) {
        throw new Error(`an answer of ${answerBytes} bytes`)
      }
      const isWhole = held >= answerBytes
      const rest = isWhole ? bytes.subarray(answerBytes) : bytes
      chunks = [rest]
      held = rest.length
      needed = isWhole ? LENGTH_BYTES : answerBytes
      if (isWhole) onAnswer(bytes.subarray(0, answerBytes))
    }
  }
  return (chunk) => {
    chunks.push(chunk as Buffer)
    held += (chunk as Buffer).length
    try {
      take()
    } catch (error) {
      // Whoever listens on the other port speaks no Kafka; the requests are told by this error.
      socket.destroy(error as Error)
    }
  }
}
