import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { openSession, type Session } from '#clients/sdk/session.ts'
import type { Clock } from '#core/ports/clock.ts'
import { isPrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'
import type { TestHub } from '#tests/test-hub.ts'

/** A session at a test hub as a client opens it, or at `url` where something stands before it. */
export const sessionAt = (
  hub: TestHub,
  principal: string,
  {
    url = hub.hub.url ?? '',
    realm = 'live',
    clock = systemClock,
    fetch: send,
  }: {
    readonly url?: string
    readonly realm?: Realm
    readonly clock?: Clock
    readonly fetch?: typeof fetch
  } = {},
): Session => {
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  return openSession({
    gatewayUrl: url,
    realm,
    principal,
    authentication: hub.home.principalSigner(principal),
    genesisDigest: hub.home.founding.genesisDigest,
    audience: `${hub.home.issuer}/v1/token`,
    sha256,
    verify: verifySignature,
    clock,
    ...(send && { fetch: send }),
    random: randomBytes,
  })
}

/** What `promise` rejects with; throws when it does not. */
export const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
