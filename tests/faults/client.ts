import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 as sha256Bytes } from '#adapters/crypto/sha256.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { authorEntry } from '#core/directory/author.ts'
import {
  ALERT_PAYLOAD_TYPE,
  digestOf,
  envelopeFrom,
  SIGNED_ALERT_TYPE,
  SIGNED_DIRECTORY_ENTRY_TYPE,
} from '#core/envelope.ts'
import { isPrincipalId } from '#core/principal.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import type { Acknowledged, ClientLedger, Delivered, LedgerReference } from '#tests/faults/count.ts'
import { sha256 } from '#tests/faults/home-ledger.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import type { TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

export const READER = 'nacta/coordinator'
const DIRECT_READER = 'ctd-kp/analyst'
const AUDITOR = 'ctd-kp/security-officer'
const ADMINISTRATOR = 'ctd-kp/administrator'

const PLACES = [
  ['ctd-kp', 'PK-KP'],
  ['ctd-punjab', 'PK-PB'],
  ['ctd-sindh', 'PK-SD'],
] as const

interface Signed {
  readonly name: string
  readonly publisher: string
  readonly bytes: Uint8Array
  readonly digest: string
}

/**
 * Everybody who talks to the hub of these tests, in one: tries until it has an answer, with the
 * very same bytes, and writes down what it was promised and given. Whatever was not answered may
 * or may not have happened, and is not written down.
 */
export class LedgerClient implements ClientLedger {
  readonly acknowledged = new Map<string, Acknowledged>()
  readonly takenTwice: string[] = []
  readonly delivered: Delivered[] = []
  readonly entered = new Set<string>()
  readonly #home: TemporaryHome
  readonly #tryMs: number
  readonly #tokens = new Map<string, string>()
  /** By SHA-256 of the signed alert. */
  readonly #signed = new Map<string, Signed>()
  #cursor = 'earliest'
  #inFlight = 0
  /** Where the hub is now. */
  url = ''

  /** How long each question is asked anew. */
  constructor(home: TemporaryHome, tryMs = 60_000) {
    this.#home = home
    this.#tryMs = tryMs
  }

  /** One round of everything that writes; resolves when all of it is answered. */
  async traffic(): Promise<void> {
    const alerts = await Promise.all([
      this.#sign('ctd-kp', ['PK', 'PK-KP']),
      this.#sign('ctd-kp', ['PK', 'PK-KP', 'PK-PB']),
      this.#sign('ctd-punjab', ['PK', 'PK-PB']),
      this.#sign('ctd-sindh', ['PK', 'PK-SD']),
    ])
    await Promise.all([...alerts.map((one) => this.#publish(one)), this.#enter()])
    const [first] = alerts
    if (first === undefined) throw new RangeError('no alert')
    await Promise.all([this.#page(), this.#read(first.name), this.#search()])
    await this.#acknowledge(first.name)
  }

  /** Publishes so many at once; resolves when all are acknowledged. */
  async burst(alerts: number): Promise<void> {
    const signing = Array.from({ length: alerts }, (_, at) => {
      const [origin, home] = PLACES[at % PLACES.length] ?? PLACES[0]
      return this.#sign(origin, ['PK', home])
    })
    await Promise.all((await Promise.all(signing)).map((one) => this.#publish(one)))
  }

  /** One try to publish and one to read a page, as they are answered now: status and code. */
  async tryOnce(): Promise<{ readonly publish: string; readonly feed: string }> {
    const alert = await this.#sign('ctd-kp', ['PK', 'PK-KP'])
    const ask = async (principal: string, path: string, init: RequestInit): Promise<string> => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await this.#token(principal)}`)
      const answer = await fetch(`${this.url}${path}`, { ...init, headers })
      const { code } = (await answer.json()) as { readonly code?: string }
      return code === undefined ? String(answer.status) : `${answer.status} ${code}`
    }
    return {
      publish: await ask(alert.publisher, '/v1/alerts', {
        method: 'POST',
        body: new Uint8Array(alert.bytes),
        headers: { 'content-type': SIGNED_ALERT_TYPE },
      }),
      feed: await ask('nacta/liaison', '/v1/feed?limit=5', {}),
    }
  }

  /** How many publications are on their way now. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Reads the feed until it has given all that was acknowledged, or gives no more. */
  async readOn(): Promise<void> {
    const deadlineMs = performance.now() + this.#tryMs
    while (!this.hasAll() && performance.now() < deadlineMs) {
      if ((await this.#page()) === 0) await pause()
    }
  }

  hasAll(): boolean {
    const given = new Set(this.delivered.map(({ name, action }) => `${name} ${action}`))
    return [...this.acknowledged.keys()].every((name) => given.has(`${name} RELEASE`))
  }

  /** Publishes other bytes under an id that is taken: 409, or a promise that contradicts another. */
  async publishAnotherUnder(name: string): Promise<void> {
    const [origin = '', id = ''] = name.split('/')
    const bytes = await this.#bytesOf(
      origin,
      sampleAlert({ origin: agencyId(origin), id: id as Alert['id'] }),
    )
    const answer = await this.#send(`${origin}/feed-system`, '/v1/alerts', bytes, SIGNED_ALERT_TYPE)
    if (answer.status === 201) this.takenTwice.push(name)
  }

  async #sign(origin: string, jurisdictions: Alert['label']['jurisdictions']): Promise<Signed> {
    const id = uuidFromRandom(randomBytes(16))
    const { label } = sampleAlert()
    const bytes = await this.#bytesOf(
      origin,
      sampleAlert({ id, origin: agencyId(origin), label: { ...label, jurisdictions } }),
    )
    const envelope = envelopeFrom(bytes, ALERT_PAYLOAD_TYPE)
    if (!envelope.ok) throw new Error(envelope.refusal.code)
    const digest = hex(digestOf(envelope.value, sha256Bytes))
    const one = { name: `${origin}/${id}`, publisher: `${origin}/feed-system`, bytes, digest }
    this.#signed.set(sha256(bytes), one)
    return one
  }

  #bytesOf(origin: string, alert: Alert): Promise<Uint8Array> {
    return signed(alert, this.#home.alertSigner(origin))
  }

  async #publish({ name, publisher, bytes, digest }: Signed): Promise<void> {
    this.#inFlight += 1
    const sending = this.#send(publisher, '/v1/alerts', bytes, SIGNED_ALERT_TYPE)
    const answer = await sending.finally(() => {
      this.#inFlight -= 1
    })
    const { record } = await bodyOf(answer, [200, 201])
    this.acknowledged.set(name, { digest, record: referenceOf(record) })
  }

  async #page(): Promise<number> {
    const query = new URLSearchParams({ from: this.#cursor, limit: '50' })
    const answer = await this.#get(READER, `/v1/feed?${query}`)
    const { items, next } = await bodyOf(answer, [200])
    const given = items as readonly Readonly<Record<string, unknown>>[]
    for (const { signedAlert, record } of given) {
      this.#note(READER, 'RELEASE', Buffer.from(String(signedAlert), 'base64'), referenceOf(record))
    }
    // Only a page that came whole moves the reader on.
    this.#cursor = String(next)
    return given.length
  }

  async #read(name: string): Promise<void> {
    const answer = await this.#get(DIRECT_READER, `/v1/alerts/${name}`, true)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const [, index, record = ''] =
      /^(\d+);bytes=:([^:]+):$/.exec(answer.headers.get('rabta-record') ?? '') ?? []
    this.#note(DIRECT_READER, 'READ', bytes, referenceOf({ index: Number(index), bytes: record }))
  }

  #note(reader: string, action: Delivered['action'], bytes: Uint8Array, record: LedgerReference) {
    const one = this.#signed.get(sha256(bytes))
    if (one === undefined) throw new Error('the hub gave bytes that nobody signed')
    this.delivered.push({ reader, action, name: one.name, digest: one.digest, record })
  }

  async #acknowledge(name: string): Promise<void> {
    const path = `/v1/alerts/${name}/acknowledgements`
    await bodyOf(await this.#send(DIRECT_READER, path, null, null, true), [201])
  }

  async #search(): Promise<void> {
    await bodyOf(await this.#get(AUDITOR, '/v1/access-log/records?limit=5'), [200])
  }

  /** Enters a principal. Who finds the chain moved on signs anew; who hears nothing sends again. */
  async #enter(): Promise<void> {
    for (;;) {
      const head = await bodyOf(
        await this.#get(ADMINISTRATOR, '/v1/directory/entries?limit=1'),
        [200],
      )
      const { sequence, digest } = head['head'] as { sequence: number; digest: string }
      const end = { sequence, digest: new Uint8Array(Buffer.from(digest, 'hex')) }
      const principal = `ctd-kp/desk-${sequence}`
      if (!isPrincipalId(principal)) throw new RangeError(principal)
      const { bytes } = await authorEntry(
        end,
        {
          type: 'PrincipalSet',
          agency: agencyId('ctd-kp'),
          principal,
          kind: 'PERSON',
          suspended: false,
          clearance: 'RESTRICTED',
          jurisdictions: ['PK-KP'],
          caveats: [],
          roles: [{ realm: 'live', role: 'subscriber' }],
        },
        {
          signers: [this.#home.administratorSigner('ctd-kp')],
          enteredAtMs: Date.now(),
          sha256: sha256Bytes,
        },
      )
      const path = '/v1/directory/entries'
      const answer = await this.#send(ADMINISTRATOR, path, bytes, SIGNED_DIRECTORY_ENTRY_TYPE)
      if (answer.status === 409) continue
      await bodyOf(answer, [200, 201])
      this.entered.add(sha256(bytes))
      return
    }
  }

  /** `isAwaited`: what is asked for comes to the index behind the answer to its publication. */
  #get(principal: string, path: string, isAwaited = false): Promise<Response> {
    return this.#answered(principal, path, { isAwaited })
  }

  #send(
    principal: string,
    path: string,
    bytes: Uint8Array | null,
    type: string | null,
    isAwaited = false,
  ): Promise<Response> {
    const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
    const body = bytes === null ? null : Buffer.from(bytes)
    return this.#answered(principal, path, { method: 'POST', body, headers, isAwaited })
  }

  /** Asks until there is an answer that is not «later». */
  async #answered(
    principal: string,
    path: string,
    how: {
      readonly method?: string
      readonly body?: Buffer | null
      readonly headers?: Record<string, string>
      readonly isAwaited: boolean
    },
  ): Promise<Response> {
    const { method = 'GET', body = null, headers = {}, isAwaited } = how
    const deadlineMs = performance.now() + this.#tryMs
    let last: unknown = 'nothing'
    while (performance.now() < deadlineMs) {
      try {
        const token = await this.#token(principal)
        const authorization = `Bearer ${token}`
        const url = `${this.url}${path}`
        const answer = await fetch(url, {
          method,
          headers: { ...headers, authorization },
          body: body === null ? null : new Uint8Array(body),
          signal: AbortSignal.timeout(15_000),
        })
        // Tokens live for five minutes, a slow machine's tests for longer.
        const isExpired = answer.status === 401
        if (isExpired && this.#tokens.get(principal) === token) this.#tokens.delete(principal)
        const isLater =
          isExpired ||
          answer.status === 429 ||
          answer.status >= 500 ||
          (isAwaited && answer.status === 404)
        if (!isLater) {
          // Read whole: an answer that breaks off is none.
          const whole = await answer.arrayBuffer()
          return new Response(whole, { status: answer.status, headers: answer.headers })
        }
        last = `${answer.status} ${await answer.text()}`
      } catch (error) {
        last = error
      }
      await pause()
    }
    throw new Error(`no answer to ${method} ${path}: ${last}`)
  }

  async #token(principal: string): Promise<string> {
    const known = this.#tokens.get(principal)
    if (known !== undefined) return known
    if (!isPrincipalId(principal)) throw new RangeError(principal)
    const assertion = await clientAssertion({
      authentication: this.#home.principalSigner(principal),
      principal,
      audience: `${this.#home.issuer}/v1/token`,
      nowMs: Date.now(),
      random: randomBytes,
    })
    const answer = await fetch(`${this.url}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope: 'live',
      }),
    })
    const token = String((await bodyOf(answer, [200]))['access_token'])
    this.#tokens.set(principal, token)
    return token
  }
}

const bodyOf = async (
  answer: Response,
  statuses: readonly number[],
): Promise<Readonly<Record<string, unknown>>> => {
  const text = await answer.text()
  if (!statuses.includes(answer.status)) throw new Error(`${answer.status} ${text}`)
  return JSON.parse(text)
}

const referenceOf = (record: unknown): LedgerReference => {
  const { index, bytes } = record as { readonly index: number; readonly bytes: string }
  return { index, sha256: sha256(Buffer.from(bytes, 'base64')) }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))
