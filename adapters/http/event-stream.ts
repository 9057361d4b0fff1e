import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { isEncrypted } from '#adapters/http/client-certificate.ts'
import { safeHeaders } from '#adapters/http/safe-headers.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'

/** One event (WHATWG HTML §9.2, `text/event-stream`); `data` is one line. */
export interface StreamEvent {
  /** Null: the reader's place stays what it was. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/**
 * An answer that goes on, as server-sent events. It hands the connection a piece only once the
 * reader has taken what went before, so a reader that is slow holds one event in this process and
 * a piece in its socket's buffer.
 */
export class EventStream {
  private readonly reply: FastifyReply
  private readonly raw: ServerResponse
  private readonly clock: Clock
  private takenAtMs: number
  private isSending = false

  /** Takes the reply over and sends its head. */
  constructor(reply: FastifyReply, clock: Clock) {
    reply.hijack()
    this.reply = reply
    this.raw = reply.raw
    this.clock = clock
    this.takenAtMs = clock.monotonicMs()
    // What fails on a connection is followed by its close, and that ends the stream.
    this.raw.on('error', () => undefined)
    const safe = safeHeaders(isEncrypted(reply.request))
    this.raw.writeHead(200, { ...safe, ...HEADERS, 'x-request-id': reply.request.id })
  }

  get isOpen(): boolean {
    return !this.raw.destroyed && !this.raw.writableEnded
  }

  /** Whether the reader has yet to take something. */
  get isBusy(): boolean {
    return this.isSending || this.raw.writableLength > 0
  }

  /** To be called now and then: for how long the reader has taken nothing of what waits for it. */
  checkStall(): number {
    const nowMs = this.clock.monotonicMs()
    if (!this.isBusy) this.takenAtMs = nowMs
    return nowMs - this.takenAtMs
  }

  /** Resolves once more may be sent: true when the whole event went to a connection still open. */
  async send({ id, event, data }: StreamEvent): Promise<boolean> {
    const place = id === null ? '' : `id: ${id}\n`
    const bytes = Buffer.from(`${place}event: ${event}\ndata: ${data}\n\n`)
    this.isSending = true
    for (let at = 0; at < bytes.length && this.isOpen; at += LIMITS.streamPieceBytes) {
      await this.writePiece(bytes.subarray(at, at + LIMITS.streamPieceBytes))
    }
    this.isSending = false
    return this.isOpen
  }

  /** A comment that carries where the reader is: an `id` alone makes no event (§9.2.6). Only for a
   * stream that is not busy: it must not come between the pieces of an event. */
  beat(id: string): void {
    if (this.isOpen) this.raw.write(`: heartbeat\nid: ${id}\n\n`)
  }

  /**
   * Says why, and closes. A reader that is behind is cut off instead: what it has not taken may not
   * be given any longer.
   */
  end(reason: string): void {
    if (this.isBusy) this.cut()
    else this.finish(reason)
  }

  /** Says why behind what the reader has yet to take, and closes. Only between two events. */
  finish(reason: string): void {
    if (this.isOpen) this.raw.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`)
  }

  /** A fault of this program: logged, and no more is said than that. */
  fail(error: unknown, reason: string): void {
    const { name, stack } = error instanceof Error ? error : new Error(String(error))
    this.reply.log.error({ name, stack })
    this.end(reason)
  }

  /** Closes the connection with what is still in it. */
  cut(): void {
    this.raw.destroy()
  }

  /** Resolves when the connection is closed. */
  async closed(): Promise<void> {
    if (this.raw.closed) return
    await new Promise<void>((resolve) => this.raw.once('close', resolve))
  }

  private async writePiece(piece: Uint8Array): Promise<void> {
    if (this.raw.write(piece) || !this.isOpen) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.raw.off('drain', done)
        this.raw.off('close', done)
        resolve()
      }
      this.raw.on('drain', done)
      this.raw.on('close', done)
    })
    this.takenAtMs = this.clock.monotonicMs()
  }
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'private, no-store',
  // A proxy that gathers an answer before it passes it on would hold alerts back.
  'x-accel-buffering': 'no',
  // Nothing follows on this connection: a server that shuts down need not wait for it.
  connection: 'close',
}
