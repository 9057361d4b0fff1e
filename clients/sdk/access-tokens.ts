import { errorFrom, jsonFrom } from '#clients/sdk/answer.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { countShape, namedShape, objectOf } from '#clients/sdk/shape.ts'
import { exchange, type TransportDeps } from '#clients/sdk/transport.ts'
import { LIMITS } from '#core/limits.ts'
import type { RandomBytes } from '#core/ports/clock.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { PrincipalId } from '#core/principal.ts'
import { isRealm, type Realm } from '#core/realm.ts'

export interface AccessTokensDeps extends TransportDeps {
  readonly gatewayUrl: string
  readonly audience: string
  readonly realm: Realm
  readonly principal: PrincipalId
  readonly authentication: Signer
  readonly random: RandomBytes
}

interface AccessToken {
  readonly text: string
  /** By the monotonic clock: from here on a new one is got before the next request. */
  readonly renewAtMs: number
}

/** Access tokens of one principal for one realm: renewed before they expire, one at a time. */
export class AccessTokens {
  private readonly deps: AccessTokensDeps
  private token: AccessToken | null = null
  private renewing: Promise<AccessToken> | null = null

  constructor(deps: AccessTokensDeps) {
    this.deps = deps
  }

  /** A token that is good for a while. Rejects as `exchange` does, and with `HubRefusal`. */
  async get(): Promise<string> {
    const { token } = this
    if (token !== null && this.deps.clock.monotonicMs() < token.renewAtMs) return token.text
    this.renewing ??= this.renew()
    return (await this.renewing).text
  }

  /** The hub does not take this token: the next request gets another. */
  forget(text: string): void {
    if (this.token?.text === text) this.token = null
  }

  private async renew(): Promise<AccessToken> {
    try {
      this.token = await getToken(this.deps)
      return this.token
    } finally {
      this.renewing = null
    }
  }
}

/** Never repeated by itself: an assertion is good once, and a refusal is an answer. */
const getToken = async (deps: AccessTokensDeps): Promise<AccessToken> => {
  const { clock, gatewayUrl, realm } = deps
  const askedAtMs = clock.monotonicMs()
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await clientAssertion({ ...deps, nowMs: clock.nowMs() }),
    scope: realm,
  })
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  }
  const init = { method: 'POST', headers, body: form.toString() }
  const answer = await exchange(`${gatewayUrl}/v1/token`, init, deps)
  if (answer.status !== 200) throw errorFrom(answer)
  const given = jsonFrom(answer, tokenShape)
  if (given.scope !== realm) throw new HubMisbehaved('token-unusable', `scope ${given.scope}`)
  const lifeMs = Math.min(given.expires_in * 1_000, LIMITS.tokenLifeMs)
  const earlyMs = Math.min(LIMITS.clientRenewBeforeMs, lifeMs / 2)
  return { text: given.access_token, renewAtMs: askedAtMs + lifeMs - earlyMs }
}

/** RFC 6750 §2.1; nothing else may come into a header. */
const isToken = (text: string): text is string =>
  text.length <= LIMITS.tokenCharactersMax && /^[A-Za-z0-9._~+/-]+=*$/.test(text)
const isBearer = (text: string): text is string => text.toLowerCase() === 'bearer'

const tokenShape = objectOf({
  access_token: namedShape(isToken),
  token_type: namedShape(isBearer),
  expires_in: countShape,
  scope: namedShape(isRealm),
})
