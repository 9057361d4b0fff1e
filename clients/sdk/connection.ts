import { AccessTokens, type AccessTokensDeps } from '#clients/sdk/access-tokens.ts'
import { errorFrom } from '#clients/sdk/answer.ts'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { retryWaitMs } from '#clients/sdk/retry.ts'
import { type Answer, exchange } from '#clients/sdk/transport.ts'
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

  /** The first answer that is not put off, or the last one when there were enough. */
  private async repeated(call: Call, body: Body | null): Promise<Answer> {
    const { clock, random } = this.deps
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.authenticated(call, body)
      if (answer.status < 400) return answer
      const refusal = errorFrom(answer)
      if (!(refusal instanceof HubRefusal)) return answer
      const waitMs = retryWaitMs(refusal, attempt, (random(1)[0] ?? 0) / 256)
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
    const { gatewayUrl, auditUrl } = this.deps
    const query = new URLSearchParams({ ...call.query }).toString()
    const base = call.server === 'audit' ? auditUrl : gatewayUrl
    const url = `${base}${call.path}${query === '' ? '' : `?${query}`}`
    const headers = headersOf(call, body, token)
    const method = body === null ? 'GET' : 'POST'
    // Copied, so that the bytes sent again are the bytes sent first, whatever the caller does.
    const init = { method, headers, body: body && new Uint8Array(body.bytes) }
    return exchange(url, init, this.deps, call.signal)
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
  ...(call.purpose === undefined ? {} : { 'rabta-purpose': purposeText(call.purpose) }),
})

const purposeText = ({ code, caseReference }: Purpose): string => {
  if (caseReference === null) return code
  if (!/^[\x21-\x7e]{1,64}$/.test(caseReference)) {
    throw new RangeError('a case reference is 1 to 64 visible ASCII characters')
  }
  return `${code} ${caseReference}`
}
