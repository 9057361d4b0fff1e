import { decodeAccessRecord } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'
import type { IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { StoreName } from '#core/service-parts.ts'
import type { Bug } from '#tests/faults/gaps.ts'

/** The store as it would be if the hub had the bug: each is one that a hurried change could make. */
export const buggy = <T extends object>(bug: Bug | null, name: StoreName, store: T): T => {
  if (bug === null) return store
  const overridden: Partial<Record<string, unknown>> = { ...OVERRIDES[bug](name, store) }
  return new Proxy(store, {
    get: (target, property) => {
      if (Object.hasOwn(overridden, String(property))) return overridden[String(property)]
      const member: unknown = Reflect.get(target, property, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

type Overrides = (name: StoreName, store: object) => object

/** Appends that are answered before they are made; `until` tells when they may be. */
const late = (log: MessageLog, isLate: (topic: string, first: Uint8Array) => boolean) => {
  const held: (() => Promise<unknown>)[] = []
  const append: MessageLog['append'] = async (topic, entries) => {
    const [first] = entries
    if (first === undefined || !isLate(topic, first)) return log.append(topic, entries)
    held.push(() => log.append(topic, entries))
    const head = await log.head(topic)
    return entries.map((_, at) => head + at)
  }
  const make = async (): Promise<void> => {
    await Promise.all(held.splice(0).map((one) => one()))
  }
  return { append, make }
}

const isRelease = (topic: string, first: Uint8Array): boolean =>
  topic === 'access' && decodeAccessRecord(first)?.action === 'RELEASE'

/** Longer than rows stay uncommitted. */
const FRAMES_LATE_MS = 5_000

let routed: ReturnType<typeof late> | null = null

const OVERRIDES: Readonly<Record<Bug, Overrides>> = {
  // The record follows the bytes, half a second later.
  'record-after-release': (name, store) => {
    if (name !== 'log') return {}
    const { append, make } = late(store as MessageLog, isRelease)
    setInterval(() => void make(), 500).unref()
    return { append }
  },
  // Two writes are swapped: the router's rows come before the frames that it routes.
  'rows-before-frames': (name, store) => {
    if (name === 'log') {
      routed = late(store as MessageLog, (topic) => topic.includes('.alerts.'))
      return { append: routed.append }
    }
    if (name !== 'router-intake') return {}
    const apply = Reflect.get(store, 'apply') as (...args: readonly unknown[]) => void
    return {
      apply: (...args: readonly unknown[]) => {
        Reflect.apply(apply, store, args)
        setTimeout(() => void routed?.make(), FRAMES_LATE_MS)
      },
    }
  },
  // Which bytes an id stands for is remembered for a moment only.
  'ids-forgotten': (name, store) => {
    if (name !== 'gateway-intake') return {}
    const inner = store as IntakeStore
    const seen = new Map<string, { readonly row: IntakeRow; readonly atMs: number }>()
    return {
      apply: (topic: string, rows: readonly IntakeRow[], nextOffset: number): void => {
        inner.apply(topic, rows, nextOffset)
        const atMs = performance.now()
        for (const row of rows) seen.set(`${row.origin}/${row.id}`, { row, atMs })
      },
      find: (_realm: string, { origin, id }: AlertName): IntakeRow | null => {
        const known = seen.get(`${origin}/${id}`)
        return known && performance.now() - known.atMs < 500 ? known.row : null
      },
    }
  },
}
