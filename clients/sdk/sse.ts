import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { concatBytes, fromUtf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

/** What stands between two empty lines; null what is not there. */
export interface EventBlock {
  readonly id: string | null
  readonly event: string | null
  readonly data: string | null
}

/**
 * Reads `text/event-stream` (WHATWG HTML §9.2.6) as a hub writes it: lines end with a line feed,
 * each field stands once. Comments and other fields are passed over. A block that has not ended
 * when the stream does is none. Throws `HubMisbehaved` for what a hub never writes, and for a block
 * of more than `LIMITS.clientEventBytesMax`.
 */
export async function* eventBlocks(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventBlock, void> {
  const reader = new BlockReader()
  for await (const chunk of chunks) yield* reader.take(chunk)
}

class BlockReader {
  private held: Uint8Array[] = []
  private blockBytes = 0
  private fields = new Map<Field, string>()

  /** The blocks that end in this chunk. */
  take(chunk: Uint8Array): readonly EventBlock[] {
    const blocks: EventBlock[] = []
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const line = this.lineWith(chunk.subarray(start, end))
      start = end + 1
      if (line === '') blocks.push(this.block())
      else this.takeLine(line)
    }
    this.hold(chunk.subarray(start))
    return blocks
  }

  private hold(part: Uint8Array): void {
    this.blockBytes += part.length
    if (this.blockBytes > LIMITS.clientEventBytesMax) {
      throw new HubMisbehaved('answer-too-large', `an event of more than ${this.blockBytes} bytes`)
    }
    // Copied: the platform may use the memory of a chunk again.
    if (part.length > 0) this.held.push(part.slice())
  }

  private lineWith(end: Uint8Array): string {
    this.hold(end)
    const line = fromUtf8(concatBytes(...this.held))
    this.held = []
    if (line === null || line.includes('\r')) throw malformed('a line of an event')
    return line
  }

  private takeLine(line: string): void {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    if (!isField(name)) return
    if (this.fields.has(name)) throw malformed(`${name} twice in one event`)
    const value = colon === -1 ? '' : line.slice(colon + 1)
    this.fields.set(name, value.startsWith(' ') ? value.slice(1) : value)
  }

  private block(): EventBlock {
    const { fields } = this
    this.fields = new Map()
    this.blockBytes = 0
    const field = (name: Field): string | null => fields.get(name) ?? null
    return { id: field('id'), event: field('event'), data: field('data') }
  }
}

const LF = 0x0a

const FIELDS = ['id', 'event', 'data'] as const
type Field = (typeof FIELDS)[number]
const isField = (name: string): name is Field => FIELDS.some((field) => field === name)

const malformed = (what: string): HubMisbehaved => new HubMisbehaved('answer-malformed', what)
