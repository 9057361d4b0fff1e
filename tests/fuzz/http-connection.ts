import { connect, type Socket } from 'node:net'
import { LIMITS } from '#core/limits.ts'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; the last of a name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** How a request ended: with an answer, closed without one, or not in time. */
export type Ending = RawAnswer | 'closed' | 'silent'

/** Longer than a connection may be silent: within it a hub answers, or closes. */
const ANSWER_MS_MAX = 1.5 * LIMITS.connectionMsMax

/** Sends one request after the other, byte for byte, over as few connections as it can. */
export class HttpConnection {
  private readonly port: number
  private socket: Socket | null = null

  constructor(url: string) {
    this.port = Number(new URL(url).port)
  }

  /** `isLast`: nothing follows, so that what is said to be longer than it is ends. */
  async ask(request: Uint8Array, isLast: boolean): Promise<Ending> {
    const socket = this.socket ?? (await this.open())
    this.socket = null
    const ending = await answerOf(socket, () =>
      isLast ? socket.end(request) : socket.write(request),
    )
    const canGoOn =
      !isLast && typeof ending !== 'string' && ending.headers.get('connection') === 'keep-alive'
    if (canGoOn && !socket.destroyed) this.socket = socket
    else socket.destroy()
    return ending
  }

  close(): void {
    this.socket?.destroy()
  }

  private async open(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, allowHalfOpen: true })
    // A reset is a way to be closed.
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      socket.once('connect', () => resolve())
      socket.once('close', () => resolve())
    })
    return socket
  }
}

const answerOf = (socket: Socket, send: () => void): Promise<Ending> =>
  new Promise((resolve) => {
    let came: Buffer = Buffer.alloc(0)
    const finish = (ending: Ending): void => {
      clearTimeout(timer)
      for (const event of ['data', 'end', 'close']) socket.removeAllListeners(event)
      resolve(ending)
    }
    const timer = setTimeout(() => finish('silent'), ANSWER_MS_MAX)
    const ended = (): void => finish(parsed(came, true) ?? 'closed')
    socket.on('data', (part: Buffer) => {
      came = Buffer.concat([came, part])
      const answer = parsed(came, false)
      if (answer !== null) finish(answer)
    })
    socket.once('end', ended)
    socket.once('close', ended)
    send()
  })

const parsed = (came: Buffer, isOver: boolean): RawAnswer | null => {
  const head = came.indexOf('\r\n\r\n')
  if (head < 0) return null
  const [first = '', ...lines] = came.subarray(0, head).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
  const headers = new Map<string, string>(lines.map(headerOf))
  const rest = came.subarray(head + 4)
  // Of a 100 Continue the answer itself follows; a stream goes on and is left.
  if (status === 100) return parsed(rest, isOver)
  if (headers.get('content-type') === 'text/event-stream') return { status, headers, body: rest }
  const length = headers.get('content-length')
  const isWhole =
    isOver || (length === undefined ? isChunkedEnd(rest) : rest.length >= Number(length))
  if (!isWhole) return null
  return { status, headers, body: length === undefined ? rest : rest.subarray(0, Number(length)) }
}

const headerOf = (line: string): readonly [string, string] => {
  const at = line.indexOf(':')
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
}

const isChunkedEnd = (rest: Buffer): boolean => rest.subarray(-5).toString('latin1') === '0\r\n\r\n'
