import { connect, type Socket } from 'node:net'

/** A TCP connection on which a test says byte for byte what it wants. */
export class RawConnection {
  readonly socket: Socket
  private readonly parts: Buffer[] = []
  private readonly ended: Promise<void>

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (part) => this.parts.push(Buffer.from(part)))
    // A reset is a way to be closed.
    socket.on('error', () => undefined)
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  static async open(url: string, options: { readonly from?: string } = {}): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const from = options.from === undefined ? {} : { localAddress: options.from }
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, ...from })
    const raw = new RawConnection(socket)
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve)
      socket.once('close', () => resolve())
    })
    return raw
  }

  /** All that came so far. */
  get text(): string {
    return Buffer.concat(this.parts).toString('latin1')
  }

  /** Of the answers that came so far. */
  get statuses(): readonly number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  }

  say(text: string): void {
    if (this.socket.writable) this.socket.write(text, 'latin1')
  }

  /** Resolves once so many answers have begun, or the connection is closed. */
  async answers(count: number): Promise<void> {
    while (this.statuses.length < count && !this.socket.closed && !this.socket.readableEnded) {
      await new Promise<void>((resolve) => {
        for (const event of ['data', 'end', 'close']) this.socket.once(event, () => resolve())
      })
    }
  }

  /** Resolves when the other side has closed; with all that it said. */
  async closed(): Promise<string> {
    this.socket.once('end', () => this.socket.destroy())
    if (this.socket.readableEnded) this.socket.destroy()
    await this.ended
    return this.text
  }

  cut(): void {
    this.socket.destroy()
  }
}
