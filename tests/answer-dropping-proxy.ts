import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** https://kafka.apache.org/protocol: a request begins with its API key. */
const PRODUCE = 0
const SIZE_BYTES = 4

/**
 * A network in front of a Kafka broker that breaks at the worst moment: the broker has appended,
 * and the connection is cut before its answer passes. Each answer to a produce request is asked for.
 */
export class AnswerDroppingProxy {
  /** Where the broker is; set before anybody connects. */
  target = 0
  dropped = 0
  readonly #mayPass: (answer: number) => boolean
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #answers = 0

  /** `mayPass` is told the how-manieth answer to a produce request it is, from 1 on. */
  constructor(mayPass: (answer: number) => boolean) {
    this.#mayPass = mayPass
    this.#server = createServer((client) => this.#join(client))
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const broker = connect(this.target, '127.0.0.1')
    const cut = (): void => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      this.#sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        cut()
      })
    }
    /** Correlation ids of produce requests that are not answered yet. */
    const producing = new Set<number>()
    client.on(
      'data',
      messages((message) => {
        if (message.readInt16BE(0) === PRODUCE) producing.add(message.readInt32BE(4))
      }),
    )
    client.pipe(broker)
    const isPassing = messages((message) => {
      if (!producing.delete(message.readInt32BE(0))) return
      this.#answers += 1
      if (this.#mayPass(this.#answers)) return
      this.dropped += 1
      cut()
    })
    broker.on('data', (bytes: Buffer) => {
      isPassing(bytes)
      if (!client.destroyed) client.write(bytes)
    })
  }
}

/** Puts the messages of a connection together, each without its length. */
const messages = (onMessage: (message: Buffer) => void): ((bytes: Buffer) => void) => {
  let held = Buffer.alloc(0)
  return (bytes) => {
    held = Buffer.concat([held, bytes])
    while (held.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + held.readInt32BE(0)
      if (held.length < end) return
      onMessage(held.subarray(SIZE_BYTES, end))
      held = held.subarray(end)
    }
  }
}
