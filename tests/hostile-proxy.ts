import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a real hub answered, on its way to the client. */
export interface PassingAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** Whatever a test wants to have changed; `path` has the query too. */
export type Alter = (path: string, answer: PassingAnswer) => PassingAnswer | Promise<PassingAnswer>

/** A hub whose operator lies: stands before a real one and changes what comes back. */
export class HostileProxy {
  alter: Alter = (_path, answer) => answer
  readonly paths: string[] = []
  private readonly server: Server

  constructor(target: () => string) {
    this.server = createHttpServer((request, response) => {
      const answering = this.answer(target(), request)
      answering.then(
        ({ status, headers, body }) => response.writeHead(status, [...headers].flat()).end(body),
        (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
      )
    })
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private async answer(target: string, request: IncomingMessage): Promise<PassingAnswer> {
    const path = request.url ?? '/'
    this.paths.push(path)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const body = parts.length === 0 ? null : Buffer.concat(parts)
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const method = request.method ?? 'GET'
    const sent = { method, body, headers: headers as Record<string, string> }
    const response = await fetch(`${target}${path}`, sent)
    const answer = {
      status: response.status,
      headers: new Headers(
        [...response.headers].filter(([name]) => !HOP_BY_HOP.includes(name.toLowerCase())),
      ),
      body: Buffer.from(await response.arrayBuffer()),
    }
    return this.alter(path, answer)
  }
}

/** Said anew, for the body may have changed. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'content-length', 'transfer-encoding']

/** Changes the JSON of answers to paths that begin so. `change` works on the parsed value. */
export const altering =
  // What a lie looks like, no type says.
    (prefix: string, change: (json: Record<string, unknown>) => void): Alter =>
    (path, answer) => {
      if (!path.startsWith(prefix) || answer.status >= 400) return answer
      const json = JSON.parse(answer.body.toString())
      change(json)
      return { ...answer, body: Buffer.from(JSON.stringify(json)) }
    }
