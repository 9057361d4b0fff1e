import { AlertMaker, COORDINATOR, ORIGINS, publisherOf, type SignedAlert } from '#bench/alerts.ts'
import { readPage } from '#bench/feed-pages.ts'
import { type BenchHub, openBenchHub } from '#bench/hub.ts'
import {
  type BenchOptions,
  measureLoad,
  type Part,
  ROUNDS,
  type Round,
  rowOf,
} from '#bench/measure.ts'
import { measureOpenLoop } from '#bench/open-loop.ts'
import { publishOne } from '#bench/publish.ts'
import { check } from '#bench/verify.ts'
import { StreamReader } from '#tests/stream-reader.ts'

const CONNECTIONS = 64
const LIVE_PER_S = 200
const FLASH_PER_S = 20
const READERS = 4
const IMPORTERS = 8
const LOADED = 0.7

/**
 * How long one who waits has to: a publisher at 70 % of what the hub takes, a live subscriber, and
 * the publisher of a flash while others read pages and import.
 */
export const benchLatency = async ({ seconds, profileTo }: BenchOptions): Promise<Part> => {
  await using hub = await openBenchHub({ connections: CONNECTIONS, profileTo })
  await hub.authenticate([COORDINATOR, ...ORIGINS.map(publisherOf)])
  const bench = new LatencyBench(hub, (seconds * 1_000) / ROUNDS)
  const full = await bench.closedLoop()
  const ratePerS = Math.max(1, Math.floor((full.operations / full.tookMs) * 1_000 * LOADED))
  const rounds = { publish: [] as Round[], live: [] as Round[], flash: [] as Round[] }
  for (let count = 0; count < ROUNDS; count += 1) {
    rounds.publish.push(await bench.publish(ratePerS))
    rounds.live.push(await bench.live())
    rounds.flash.push(await bench.flash())
  }
  return {
    name: 'latency',
    rows: [
      rowOf(`publish, open loop, ${ratePerS} a second`, rounds.publish, null),
      rowOf(`publish → a live subscriber, ${LIVE_PER_S} a second`, rounds.live, null),
      rowOf(`FLASH, ${READERS} readers and ${IMPORTERS} importers beside`, rounds.flash, null),
    ],
    checks: [check('alerts that the live subscriber missed', bench.missed, 0)],
    notes: ['latencies count from when an act was due'],
  }
}

class LatencyBench {
  missed = 0
  readonly #hub: BenchHub
  readonly #ms: number
  readonly #maker: AlertMaker

  constructor(hub: BenchHub, ms: number) {
    this.#hub = hub
    this.#ms = ms
    this.#maker = new AlertMaker(hub.home)
  }

  /** Also the warm-up. */
  async closedLoop(): Promise<Round> {
    const next = await this.#alerts(3_000)
    const act = async (): Promise<number> => {
      const alert = next()
      if (alert === undefined) return 0
      await publishOne(this.#hub, alert)
      return 1
    }
    const { child } = this.#hub
    return measureLoad({ inFlight: 32, ms: this.#ms, act, cpuMs: () => child.cpuMs() })
  }

  async publish(ratePerS: number): Promise<Round> {
    const next = await this.#alerts(Math.ceil((ratePerS * this.#ms) / 1_000))
    return this.#openLoop(ratePerS, () => this.#publishNext(next))
  }

  async live(): Promise<Round> {
    const next = await this.#alerts(Math.ceil((LIVE_PER_S * this.#ms) / 1_000))
    const url = `${this.#hub.child.url}/v1/feed/stream?from=now`
    const stream = await StreamReader.open(url, this.#hub.headersOf(COORDINATOR))
    const came = new CameAlerts(stream)
    const round = await this.#openLoop(LIVE_PER_S, async () => {
      const alert = next()
      if (alert === undefined) return
      await publishOne(this.#hub, alert)
      if (!(await came.see(alert.id))) this.missed += 1
    })
    stream.cut()
    return round
  }

  async flash(): Promise<Round> {
    const flashes = await this.#alerts(Math.ceil((FLASH_PER_S * this.#ms) / 1_000), 'FLASH')
    const imported = await this.#alerts(IMPORTERS * 200)
    let isOver = false
    const read = async (): Promise<void> => {
      for (let from = 'earliest'; !isOver; ) {
        const page = await readPage(this.#hub, from)
        from = page.isEnd ? 'earliest' : page.next
      }
    }
    const importSome = async (): Promise<void> => {
      for (let alert = imported(); !isOver && alert !== undefined; alert = imported()) {
        await publishOne(this.#hub, alert)
      }
    }
    const others = [
      ...Array.from({ length: READERS }, read),
      ...Array.from({ length: IMPORTERS }, importSome),
    ]
    const round = await this.#openLoop(FLASH_PER_S, () => this.#publishNext(flashes))
    isOver = true
    await Promise.all(others)
    return round
  }

  #openLoop(ratePerS: number, act: () => Promise<unknown>): Promise<Round> {
    const { child } = this.#hub
    return measureOpenLoop({ ratePerS, ms: this.#ms, act, cpuMs: () => child.cpuMs() })
  }

  async #publishNext(next: () => SignedAlert | undefined): Promise<void> {
    const alert = next()
    if (alert !== undefined) await publishOne(this.#hub, alert)
  }

  async #alerts(count: number, precedence?: 'FLASH'): Promise<() => SignedAlert | undefined> {
    const alerts = await this.#maker.make(count, precedence)
    let given = 0
    return () => alerts[given++]
  }
}

/** What has come over a stream; to look at all events for each alert would take the bench's time. */
class CameAlerts {
  readonly #stream: StreamReader
  readonly #ids = new Set<unknown>()
  #looked = 0

  constructor(stream: StreamReader) {
    this.#stream = stream
  }

  /** False when it has not come in time. */
  async see(id: string): Promise<boolean> {
    return this.#stream
      .until(() => this.#has(id), CAME_MS_MAX)
      .then(
        () => true,
        () => false,
      )
  }

  #has(id: string): boolean {
    for (; this.#looked < this.#stream.events.length; this.#looked += 1) {
      this.#ids.add(this.#stream.events[this.#looked]?.data['id'])
    }
    return this.#ids.has(id)
  }
}

const CAME_MS_MAX = 10_000
