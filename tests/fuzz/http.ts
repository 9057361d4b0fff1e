import { hex } from '#core/bytes.ts'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { LIMITS } from '#core/limits.ts'
import { RATES } from '#core/rates.ts'
import { REFUSALS, type RefusalCode } from '#core/refusal.ts'
import { type Ending, HttpConnection } from '#tests/fuzz/http-connection.ts'
import { type MadeRequest, requestFrom, templatesOf } from '#tests/fuzz/http-requests.ts'
import { minimised } from '#tests/fuzz/minimise.ts'
import { Random } from '#tests/fuzz/random.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { TestHub } from '#tests/test-hub.ts'

export interface HttpReport {
  readonly requests: number
  /** Of all requests: those that a route answered by what it knows, not by how they look. */
  readonly pastShare: number
  readonly statuses: Readonly<Record<string, number>>
  readonly slowestCpuMs: number
  readonly heapGrowthBytes: number
  readonly findings: readonly HttpFinding[]
}

export interface HttpFinding {
  readonly what: string
  readonly route: string
  readonly index: number
  readonly hex: string
}

const CPU_MS_MAX = 50
const FINDINGS_MAX = 10

/** Answers that only say how a request looks. */
const OF_FORM = new Set(['request-invalid', 'not-authenticated', 'route-unknown'])

/** What an oracle says against an answer; null for nothing. */
export const faultOf = (ending: Ending): string | null => {
  if (ending === 'silent') return 'no answer'
  // A request whose framing is broken may end a connection without a word.
  if (ending === 'closed') return null
  const { status, headers, body } = ending
  if (Number.isNaN(status)) return 'no HTTP answer'
  if (status < 400) return null
  if (status >= 500 && status !== 503) return `status ${status}`
  const type = headers.get('content-type') ?? ''
  if (!type.startsWith('application/problem+json')) return `${status} with ${type || 'no type'}`
  // The answer to HEAD has no body.
  if (body.length === 0) return null
  const code = codeOf(body)
  if (code === null || !Object.hasOwn(REFUSALS, code)) return `${status} with no known code`
  const [expected] = REFUSALS[code as RefusalCode]
  return expected === status ? null : `${code} with ${status}`
}

const codeOf = (body: Buffer): string | null => {
  try {
    const { code } = JSON.parse(body.toString())
    return typeof code === 'string' ? code : null
  } catch {
    // No JSON has no code.
    return null
  }
}

const isPast = (ending: Ending): boolean => {
  if (typeof ending === 'string') return false
  const { status, body } = ending
  return status < 400 || (status < 410 && !OF_FORM.has(codeOf(body) ?? 'request-invalid'))
}

/** Asks a whole hub, on a port of this machine, `requests` times. */
export const fuzzHttp = async (options: {
  readonly requests: number
  readonly seed: number
  readonly onProgress?: (done: number) => void
}): Promise<HttpReport> => {
  const hub = new TestHub(await makeTemporaryHome())
  // Rates would answer nearly all of it with 429, and try nothing.
  const rates = Object.fromEntries(
    Object.keys(RATES).map((name) => [name, LIMITS.ratePerMinuteMax]),
  )
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, rates: { ...RATES, ...rates } })
  const escaped: unknown[] = []
  const onEscape = (error: unknown): number => escaped.push(error)
  process.on('unhandledRejection', onEscape)
  try {
    const report = await new HttpFuzzer(hub, options.seed).run(options)
    const ready = await fetch(`${hub.hub.url}/health/ready`)
    const findings = [...report.findings]
    const end = { route: 'the hub', index: options.requests, hex: '' }
    for (const error of escaped) findings.push({ what: `unhandled: ${String(error)}`, ...end })
    if (ready.status !== 200)
      findings.push({ what: `afterwards not ready: ${await ready.text()}`, ...end })
    return { ...report, findings }
  } finally {
    process.off('unhandledRejection', onEscape)
    await hub.close()
    hub.home.remove()
  }
}

class HttpFuzzer {
  private readonly hub: TestHub
  private readonly seed: number
  private readonly connection: HttpConnection
  private slowestCpuMs = 0

  constructor(hub: TestHub, seed: number) {
    this.hub = hub
    this.seed = seed
    this.connection = new HttpConnection(String(hub.hub.url))
  }

  async run(options: {
    readonly requests: number
    readonly onProgress?: (done: number) => void
  }): Promise<HttpReport> {
    const { requests, onProgress } = options
    let templates = await templatesOf(this.hub)
    let templatesAtMs = performance.now()
    const statuses: Record<string, number> = {}
    const findings = new Map<string, HttpFinding>()
    let past = 0
    let done = 0
    let heapBefore = process.memoryUsage().heapUsed
    for (; done < requests && findings.size < FINDINGS_MAX; done += 1) {
      // Tokens run out; what is asked with an old one tries nothing.
      if (performance.now() - templatesAtMs > LIMITS.tokenLifeMs / 3) {
        this.hub.speakBy(fetch)
        templates = await templatesOf(this.hub)
        templatesAtMs = performance.now()
      }
      const made = requestFrom(templates, Random.of(this.seed, 'http', done))
      const { ending, what } = await this.tryOne(made)
      const status = typeof ending === 'string' ? ending : String(ending.status)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (isPast(ending)) past += 1
      const key = `${what} ${made.route}`
      if (what !== null && !findings.has(key)) {
        const smallest = await this.smallest(made, what)
        findings.set(key, { what, route: made.route, index: done, hex: hex(smallest) })
      }
      if (done === Math.floor(requests / 5)) heapBefore = process.memoryUsage().heapUsed
      if (done % 500 === 0) onProgress?.(done)
    }
    this.connection.close()
    const heapGrowthBytes = process.memoryUsage().heapUsed - heapBefore
    return {
      requests: done,
      pastShare: past / Math.max(1, done),
      statuses,
      slowestCpuMs: this.slowestCpuMs,
      heapGrowthBytes,
      findings: [...findings.values()],
    }
  }

  /** Asks once; again, up to three times, when it seems to take long. */
  private async tryOne({
    bytes,
    isFramed,
  }: MadeRequest): Promise<{ ending: Ending; what: string | null }> {
    let cpuMs = 0
    let ending: Ending = 'closed'
    for (let tries = 0; tries < 3; tries += 1) {
      const before = process.cpuUsage()
      ending = await this.connection.ask(bytes, !isFramed)
      const { user, system } = process.cpuUsage(before)
      cpuMs = (user + system) / 1_000
      if (cpuMs <= CPU_MS_MAX) break
    }
    this.slowestCpuMs = Math.max(this.slowestCpuMs, cpuMs)
    // A connection may have been closed since the answer before: a new one is not.
    if (ending === 'closed' && isFramed) ending = await this.connection.ask(bytes, !isFramed)
    if (ending === 'closed' && isFramed) return { ending, what: 'closed without an answer' }
    const what = faultOf(ending)
    return { ending, what: what ?? (cpuMs > CPU_MS_MAX ? 'slow' : null) }
  }

  private async smallest({ bytes, route }: MadeRequest, what: string): Promise<Uint8Array> {
    if (what === 'no answer') return bytes
    return minimised(bytes, async (less) => {
      const one = await this.tryOne({ route, bytes: less, isFramed: false })
      return one.what === what
    })
  }
}
