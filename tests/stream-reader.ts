import { type ClientRequest, get, type IncomingMessage } from 'node:http'

/** An event as it came; `reason` of the last one of a stream. */
export interface CameEvent {
  readonly event: string
  readonly id: string | null
  // What a test expects of it, it says itself.
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a live stream over a plain socket, as a program without the SDK would. */
export class StreamReader {
  readonly events: CameEvent[] = []
  heartbeats = 0
  /** Of the last block that had one: what a client would resume with. */
  lastId: string | null = null
  /** Of an answer that is no stream. */
  body = ''
  closedAtMs: number | null = null
  private readonly request: ClientRequest
  private readonly answer: IncomingMessage
  private rest = ''
  private readonly watching = new Set<() => void>()

  private constructor(request: ClientRequest, answer: IncomingMessage) {
    this.request = request
    this.answer = answer
    answer.setEncoding('utf8')
    answer.on('data', (text: string) => this.take(text))
    answer.on('error', () => undefined)
    answer.on('close', () => {
      this.closedAtMs = performance.now()
      this.changed()
    })
  }

  static async open(url: string, headers: Record<string, string>): Promise<StreamReader> {
    const request = get(url, { agent: false, headers })
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject)
    })
    request.on('error', () => undefined)
    return new StreamReader(request, answer)
  }

  get status(): number {
    return this.answer.statusCode ?? 0
  }

  get headers(): IncomingMessage['headers'] {
    return this.answer.headers
  }

  get alertIds(): readonly string[] {
    return this.events
      .filter(({ event }) => event === 'alert')
      .map(({ data }) => String(data['id']))
  }

  /** Why the hub said that it ended the stream; null when it did not say. */
  get endReason(): unknown {
    return this.events.find(({ event }) => event === 'end')?.data['reason'] ?? null
  }

  /** Takes nothing more from the socket. */
  pause(): void {
    this.answer.pause()
  }

  resume(): void {
    this.answer.resume()
  }

  cut(): void {
    this.request.destroy()
  }

  /** Resolves once `isSo`; rejects after `ms`. */
  async until(isSo: (reader: StreamReader) => boolean, ms = 5_000): Promise<void> {
    const late = performance.now() + ms
    while (!isSo(this)) {
      const leftMs = late - performance.now()
      if (leftMs <= 0) throw new Error(`not within ${ms} ms; ${this.events.length} events came`)
      await this.change(leftMs)
    }
  }

  closed(ms = 5_000): Promise<void> {
    return this.until(({ closedAtMs }) => closedAtMs !== null, ms)
  }

  private async change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.watching.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  private changed(): void {
    for (const told of this.watching) told()
    this.watching.clear()
  }

  private take(text: string): void {
    if (this.status !== 200) this.body += text
    else {
      const blocks = (this.rest + text).split('\n\n')
      this.rest = blocks.pop() ?? ''
      for (const block of blocks) this.takeBlock(block)
    }
    this.changed()
  }

  private takeBlock(block: string): void {
    const field = (name: string): string | null =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null
    this.lastId = field('id') ?? this.lastId
    const [event, data] = [field('event'), field('data')]
    if (event === null || data === null) this.heartbeats += block.startsWith(': heartbeat') ? 1 : 0
    else this.events.push({ event, id: field('id'), data: JSON.parse(data) })
  }
}
