import { randomBytes } from '#adapters/crypto/random.ts'
import type { LogDestination } from '#adapters/http/server.ts'
import type { DemoAgency } from '#clients/cli/demo-federation.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import type { Alarm } from '#core/alarm.ts'
import type { Alert } from '#core/alert.ts'
import { encodeAlert } from '#core/alert-codec.ts'
import { ALERT_PAYLOAD_TYPE, SIGNED_ALERT_TYPE, signEnvelope } from '#core/envelope.ts'
import { DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from '#core/gateway-settings.ts'
import type { Signer } from '#core/ports/signer.ts'
import { isPrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'
import type { TlsSettings } from '#core/tls-settings.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { type OpenHub, openHub } from '#services/hub/main.ts'
import { DocumentedAnswers } from '#tests/documented.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  // What a test expects of a body, it says itself.
  readonly json: Readonly<Record<string, unknown>>
}

/** A whole hub on a port of this machine and a home of its own, as a person would start it. */
export class TestHub {
  readonly home: TemporaryHome
  readonly alarms: Alarm[] = []
  /** Where the log lines of the next `open` go. */
  logTo: LogDestination | null = null
  private opened: OpenHub | null = null
  private documented = new DocumentedAnswers([])
  private readonly tokens = new Map<string, Promise<string>>()
  private send: typeof fetch = (input, init) => fetch(input, init)

  constructor(home: TemporaryHome) {
    this.home = home
  }

  get hub(): OpenHub {
    if (this.opened === null) throw new Error('the hub is not open')
    return this.opened
  }

  /** Speaks with the hub in another way from now on, with new tokens. */
  speakBy(send: typeof fetch): void {
    this.send = send
    this.tokens.clear()
  }

  async open(
    gateway: GatewaySettings = DEFAULT_GATEWAY_SETTINGS,
    tls: TlsSettings | null = null,
  ): Promise<void> {
    const listen = { host: '127.0.0.1', port: 0 }
    const onAlarm = (alarm: Alarm) => this.alarms.push(alarm)
    const settings = { home: this.home.home, listen, tls, gateway }
    this.opened = await openHub(settings, { logTo: this.logTo, onAlarm })
    this.documented = new DocumentedAnswers(this.opened.app.registeredRoutes)
    this.tokens.clear()
  }

  async close(): Promise<void> {
    await this.opened?.close()
    this.opened = null
  }

  /** One for each principal and realm, however many ask for it at once. */
  async token(principal: string, realm: Realm = 'live'): Promise<string> {
    const key = `${principal} ${realm}`
    const token = this.tokens.get(key) ?? this.newToken(principal, realm)
    this.tokens.set(key, token)
    token.catch(() => this.tokens.delete(key))
    return token
  }

  private async newToken(principal: string, realm: Realm): Promise<string> {
    const answer = await this.askAs(principal, realm)
    if (answer.status !== 200) throw new Error(`no token for ${principal}: ${answer.json['code']}`)
    return String(answer.json['access_token'])
  }

  /** Asks for a new token, with an assertion that nothing is wrong with. */
  async askAs(principal: string, realm: Realm = 'live'): Promise<Answer> {
    if (!isPrincipalId(principal)) throw new RangeError(principal)
    const assertion = await clientAssertion({
      authentication: this.home.principalSigner(principal),
      principal,
      audience: `${this.home.issuer}/v1/token`,
      nowMs: Date.now(),
      random: randomBytes,
    })
    return this.askForToken(assertion, realm)
  }

  async askForToken(assertion: string, realm: string): Promise<Answer> {
    return this.request('/v1/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope: realm,
      }),
    })
  }

  async get(
    path: string,
    principal: string,
    options: { readonly realm?: Realm; readonly headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const token = await this.token(principal, options.realm ?? 'live')
    return this.request(path, { headers: { authorization: `Bearer ${token}`, ...options.headers } })
  }

  async publish(signedAlert: Uint8Array, principal: string, realm: Realm = 'live') {
    const token = await this.token(principal, realm)
    return this.request('/v1/alerts', {
      method: 'POST',
      body: Buffer.from(signedAlert),
      headers: { authorization: `Bearer ${token}`, 'content-type': SIGNED_ALERT_TYPE },
    })
  }

  /** Throws when the answer is another than the hub's own OpenAPI document says. */
  async request(path: string, init: RequestInit): Promise<Answer> {
    const response = await this.send(`${this.hub.url}${path}`, init)
    const { status, headers } = response
    const bytes = new Uint8Array(await response.arrayBuffer())
    const method = init.method ?? 'GET'
    const faults = this.documented.faultsOf(method, path, { status, headers, bytes })
    if (faults.length > 0) {
      throw new Error(`${method} ${path}: not as documented: ${faults.slice(0, 5).join('; ')}`)
    }
    const isJson = method !== 'HEAD' && (headers.get('content-type')?.includes('json') ?? false)
    const json = isJson ? JSON.parse(Buffer.from(bytes).toString()) : {}
    return { status, headers, bytes, json }
  }

  /** All access records from leaf `from` on. */
  async records(from = 0): Promise<readonly AccessRecord[]> {
    const { log } = this.hub.parts
    const head = await log.head(ACCESS_TOPIC)
    const entries = head > from ? await log.read(ACCESS_TOPIC, from, head - from) : []
    return entries.map(({ value }) => {
      const record = decodeAccessRecord(value)
      if (record === null) throw new Error('an unreadable record')
      return record
    })
  }

  async recordCount(): Promise<number> {
    return this.hub.parts.log.head(ACCESS_TOPIC)
  }

  /** Resolves once all that was published has come to the alert index. */
  async settled(): Promise<void> {
    const { audit, gateway, router } = this.hub
    await gateway.caughtUp()
    await router.followers.caughtUp()
    await gateway.caughtUp()
    await audit.caughtUp()
  }
}

export const openTestHub = async (agencies?: readonly DemoAgency[]): Promise<TestHub> => {
  const hub = new TestHub(await makeTemporaryHome(agencies))
  await hub.open()
  return hub
}

export const signed = (alert: Alert, ...signers: readonly Signer[]): Promise<Uint8Array> =>
  signEnvelope(ALERT_PAYLOAD_TYPE, encodeAlert(alert), signers)
