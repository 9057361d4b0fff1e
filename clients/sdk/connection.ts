import { AccessTokens, type AccessTokensDeps } from '#clients/sdk/access-tokens.ts'
import { errorFrom } from '#clients/sdk/answer.ts'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { retryWaitMs } from '#clients/sdk/retry.ts'
import {
  type Answer,
  exchange,
  type OpenAnswer,
  openExchange,
  wholeOf,
} from '#clients/sdk/transport.ts'
import type { Purpose } from '#core/access-record.ts'

export interface ConnectionDeps extends AccessTokensDeps {
  readonly auditUrl: string
}

/** What every call of a client may say beside what it asks. */
export interface CallOptions {
  /** Goes into the access record: why the caller asks. */
  readonly purpose?: Purpose
  readonly signal?: AbortSignal
}

export interface Call extends CallOptions {
  readonly server: 'gateway' | 'audit'
  /** From `/v1/` on, already encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** The media type wanted. */
  readonly accept: string
  /** Asked without saying who asks. */
  readonly isPublic?: boolean
  readonly lastEventId?: string
}

export interface Body {
  readonly type: string
  readonly bytes: Uint8Array
}

/**
 * Requests to a hub in the name of one principal. All reject with `HubRefusal`, `HubUnreachable`,
 * `HubMisbehaved`, or the signal's reason. What the hub puts off (503) is asked again a few times:
 * only calls that may be repeated are made here.
 */
export class Connection {
  private readonly deps: ConnectionDeps
  private readonly tokens: AccessTokens

  constructor(deps: ConnectionDeps) {
    this.deps = deps
    this.tokens = new AccessTokens(deps)
  }

  async get(call: Call): Promise<Answer> {
    const answer = await this.repeated(call, null)
    if (answer.status !== 200) throw errorFrom(answer)
    return answer
  }

  /** Null when the hub answers 404. */
  async getIfThere(call: Call): Promise<Answer | null> {
    const answer = await this.repeated(call, null)
    if (answer.status === 404) return null
    if (answer.status !== 200) throw errorFrom(answer)
    return answer
  }

  /** For what does no more when it is sent twice: the very same bytes, as often as it takes. */
  async postRepeatably(call: Call, body: Body): Promise<Answer> {
    const answer = await this.repeated(call, body)
    if (answer.status !== 200 && answer.status !== 201) throw errorFrom(answer)
    return answer
  }

  /** An answer that goes on. Never repeated by itself: whoever reads it knows where to go on. */
  async open(call: Call): Promise<OpenAnswer> {
    const token = await this.tokens.get()
    const first = await this.openWith(call, token)
    if (first.status === 200) return first
    const refused = await wholeOf(first)
    if (refused.status !== 401) throw errorFrom(refused)
    this.tokens.forget(token)
    const second = await this.openWith(call, await this.tokens.get())
    if (second.status === 200) return second
    throw errorFrom(await wholeOf(second))
  }

  /** A number from 0 to 1, to spread what would else be done by all clients at once. */
  chance(): number {
    return (this.deps.random(1)[0] ?? 0) / 256
  }

  /** The first answer that is not put off, or the last one when there were enough. */
  private async repeated(call: Call, body: Body | null): Promise<Answer> {
    const { clock } = this.deps
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.authenticated(call, body)
      if (answer.status < 400) return answer
      const refusal = errorFrom(answer)
      if (!(refusal instanceof HubRefusal)) return answer
      const waitMs = retryWaitMs(refusal, attempt, this.chance())
      if (waitMs === null) return answer
      await clock.sleep(waitMs, call.signal)
      call.signal?.throwIfAborted()
    }
  }

  /** A hub that forgot its token key takes no token of before: then once more with a new one. */
  private async authenticated(call: Call, body: Body | null): Promise<Answer> {
    if (call.isPublic) return this.send(call, body, null)
    const token = await this.tokens.get()
    const answer = await this.send(call, body, token)
    if (answer.status !== 401) return answer
    this.tokens.forget(token)
    return this.send(call, body, await this.tokens.get())
  }

  private send(call: Call, body: Body | null, token: string | null): Promise<Answer> {
    const headers = headersOf(call, body, token)
    const method = body === null ? 'GET' : 'POST'
    // Copied, so that the bytes sent again are the bytes sent first, whatever the caller does.
    const init = { method, headers, body: body && new Uint8Array(body.bytes) }
    return exchange(this.urlOf(call), init, this.deps, call.signal)
  }

  private openWith(call: Call, token: string): Promise<OpenAnswer> {
    const init = { method: 'GET', headers: headersOf(call, null, token) }
    return openExchange(this.urlOf(call), init, this.deps, call.signal)
  }

  private urlOf({ server, path, query }: Call): string {
    const { gatewayUrl, auditUrl } = this.deps
    const asked = new URLSearchParams({ ...query }).toString()
    return `${server === 'audit' ? auditUrl : gatewayUrl}${path}${asked === '' ? '' : `?${asked}`}`
  }
}

const headersOf = (
  call: Call,
  body: Body | null,
  token: string | null,
): Record<string, string> => ({
  accept: call.accept,
  ...(body === null ? {} : { 'content-type': body.type }),
  ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  ...(call.lastEventId === undefined ? {} : { 'last-event-id': call.lastEventId }),
  ...(call.purpose === undefined ? {} : { 'rabta-purpose': purposeText(call.purpose) }),
})

const purposeText = ({ code, caseReference }: Purpose): string => {
  if (caseReference === null) return code
  if (!/^[\x21-\x7e]{1,64}$/.test(caseReference)) {
    throw new RangeError('a case reference is 1 to 64 visible ASCII characters')
  }
  return `${code} ${caseReference}`
}
