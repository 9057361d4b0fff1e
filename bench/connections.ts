import { Agent, type IncomingMessage, request } from 'node:http'

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Answer {
  readonly status: number
  readonly body: Buffer
}

const ANSWER_MS_MAX = 30_000

/**
 * A few connections that stay open, to one server of this machine. On `node:http`, which costs the
 * generator less than `fetch` does: what it uses, the server lacks.
 */
export class Connections implements Disposable {
  readonly #url: URL
  readonly #agent: Agent

  constructor(url: string, connections: number) {
    this.#url = new URL(url)
    if (this.#url.hostname !== '127.0.0.1') throw new RangeError(`${url} is not this machine`)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  call({ method, path, headers, body }: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const { hostname, port } = this.#url
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const options = { hostname, port, method, path, agent: this.#agent, timeout: ANSWER_MS_MAX }
    const sent = request({ ...options, headers: { ...headers, ...length } }, (response) => {
      collect(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, body: bytes }),
        reject,
      )
    })
    sent.once('error', reject)
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)))
    sent.end(body)
    return promise
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

const collect = (response: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('end', () => resolve(Buffer.concat(chunks)))
    response.once('error', reject)
  })
