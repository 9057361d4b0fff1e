import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A network between client and hub that can be cut, and that can change bytes on the way back. */
export class CuttingProxy {
  /** Must give as many bytes as it got. */
  alter: (bytes: Buffer) => Buffer = (bytes) => bytes
  connections = 0
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  /** Whoever connects while there is no target is turned away. */
  constructor(target: () => string | null) {
    this.server = createServer((client) => {
      this.connections += 1
      const url = target()
      if (url === null) {
        client.destroy()
        return
      }
      const { hostname, port } = new URL(url)
      const hub = connect(Number(port), hostname)
      for (const [socket, other] of [
        [client, hub],
        [hub, client],
      ] as const) {
        this.sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.sockets.delete(socket)
          other.destroy()
        })
      }
      client.pipe(hub)
      hub.on('data', (bytes: Buffer) => client.write(this.alter(bytes)))
    })
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
