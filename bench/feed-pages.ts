import { COORDINATOR } from '#bench/alerts.ts'
import type { BenchHub } from '#bench/hub.ts'

/** An item of the feed, as far as a measurement looks at it. */
export interface FeedItem {
  readonly origin: string
  readonly id: string
  /** In base64. */
  readonly signedAlert: string
  readonly record: { readonly index: number; readonly bytes: string }
}

export interface FeedPage {
  readonly items: readonly FeedItem[]
  readonly next: string
  readonly isEnd: boolean
}

export const PAGE_ALERTS = 500

export const readPage = async (hub: BenchHub, from: string): Promise<FeedPage> => {
  const path = `/v1/feed?from=${from}&limit=${PAGE_ALERTS}`
  const answer = await hub.call(COORDINATOR, { method: 'GET', path, headers: {} })
  if (answer.status !== 200) throw new Error(`no page: ${answer.status} ${answer.body}`)
  return JSON.parse(answer.body.toString())
}

/** All that the coordinator may read. */
export async function* readFeed(hub: BenchHub): AsyncGenerator<FeedItem> {
  for (let from = 'earliest'; ; ) {
    const page = await readPage(hub, from)
    yield* page.items
    if (page.isEnd) return
    from = page.next
  }
}
