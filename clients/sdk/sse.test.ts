import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { type EventBlock, eventBlocks } from '#clients/sdk/sse.ts'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const read = async (...chunks: readonly (string | Uint8Array)[]) => {
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? utf8(chunk) : chunk))
  const blocks: EventBlock[] = []
  for await (const block of eventBlocks(each(bytes))) blocks.push(block)
  return blocks
}

const STREAM =
  ': heartbeat\nid: a\n\nid: b\nevent: alert\ndata: {"text":"رابطہ"}\n\nevent: end\ndata: {}\n\n'
const BLOCKS = [
  { id: 'a', event: null, data: null },
  { id: 'b', event: 'alert', data: '{"text":"رابطہ"}' },
  { id: null, event: 'end', data: '{}' },
]

describe('a stream of events', () => {
  test('is read the same wherever it is cut into chunks', async () => {
    const bytes = utf8(STREAM)
    const cuts = fc.uniqueArray(fc.nat(bytes.length)).map((all) => all.sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const chunks = [...at, bytes.length].map((end, i) => bytes.slice(at[i - 1] ?? 0, end))
        expect(await read(...chunks)).toEqual(BLOCKS)
      }),
    )
  })

  test('is not changed by a chunk whose memory is used again', async () => {
    const memory = utf8('id: a\n')
    async function* reusing(): AsyncGenerator<Uint8Array> {
      yield memory.subarray(0, 5)
      memory.fill(0x7a)
      yield utf8('\n\n')
    }
    const blocks: EventBlock[] = []
    for await (const block of eventBlocks(reusing())) blocks.push(block)
    expect(blocks[0]?.id).toBe('a')
  })

  test('that breaks off gives nothing of its last block', async () => {
    expect(await read('id: a\nevent: alert\ndata: {}\n')).toEqual([])
    expect(await read('id: a\n\nid: b')).toHaveLength(1)
  })

  test('passes over fields of a later version, and takes values as they are', async () => {
    expect(await read('retry: 5\nextra\nid:a\ndata:  b: c\n\n')).toEqual([
      { id: 'a', event: null, data: ' b: c' },
    ])
  })
})

test.each([
  ['a carriage return', 'id: a\r\n\n'],
  ['a field twice', 'data: a\ndata: b\n\n'],
  ['bytes that are no UTF-8', Uint8Array.of(0x69, 0x64, 0x3a, 0xff, 0x0a)],
])('%s is nothing that a hub writes', async (_what, stream) => {
  await expect(read(stream)).rejects.toThrow(HubMisbehaved)
})

test.each([
  ['one line', () => [utf8(`data: ${'x'.repeat(LIMITS.clientEventBytesMax)}`)]],
  ['many lines', () => Array.from({ length: 1_025 }, () => utf8(`: ${'x'.repeat(1_024)}\n`))],
])('a block without end is not gathered: %s', async (_what, chunks) => {
  await expect(read(...chunks())).rejects.toMatchObject({ code: 'answer-too-large' })
})
