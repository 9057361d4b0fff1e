import { baseUrl } from '#clients/sdk/base-url.ts'
import { Connection } from '#clients/sdk/connection.ts'
import { DirectoryMirror } from '#clients/sdk/directory.ts'
import type { AgencyId } from '#core/agency.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import type { Clock, RandomBytes } from '#core/ports/clock.ts'
import type { Signer } from '#core/ports/signer.ts'
import { agencyOf, type PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

export interface SessionOptions {
  /** `https://…`; `http://` on a loopback address only. */
  readonly gatewayUrl: string
  /** Where the access log is served; the gateway's address without it. */
  readonly auditUrl?: string
  readonly realm: Realm
  readonly principal: PrincipalId
  /** The principal's `authentication` key: ES256. */
  readonly authentication: Signer
  /** SHA-256 of the directory's genesis entry: the one thing that is trusted without proof. */
  readonly genesisDigest: Uint8Array
  /** What client assertions are addressed to; `<gatewayUrl>/v1/token` without it. */
  readonly audience?: string
  /** Takes `http://` for any address: content and tokens then cross the network readable. */
  readonly isCleartextAllowed?: boolean
  /** The platform's own without it. */
  readonly fetch?: typeof fetch
  readonly sha256: Sha256
  readonly verify: VerifySignature
  readonly clock: Clock
  readonly random: RandomBytes
}

/** One principal at one hub, in one realm. It holds no connection open and needs no closing. */
export interface Session {
  readonly realm: Realm
  readonly principal: PrincipalId
  readonly agency: AgencyId
  readonly connection: Connection
  readonly directory: DirectoryMirror
  readonly records: NewestRecord
  readonly sha256: Sha256
  readonly verify: VerifySignature
  readonly clock: Clock
}

/**
 * A session; asks the hub for nothing yet. Throws a `TypeError` for an address in the clear, a key
 * that cannot sign assertions, or a digest that is none.
 */
export const openSession = (options: SessionOptions): Session => {
  const { realm, principal, genesisDigest, sha256, verify, clock } = options
  if (options.authentication.publicKey.algorithm !== 'ES256') {
    throw new TypeError('an authentication key is a P-256 key')
  }
  if (genesisDigest.length !== 32) throw new TypeError('a genesis digest has 32 bytes')
  const isCleartextAllowed = options.isCleartextAllowed ?? false
  const gatewayUrl = baseUrl(options.gatewayUrl, isCleartextAllowed)
  const connection = new Connection({
    ...options,
    gatewayUrl,
    auditUrl: baseUrl(options.auditUrl ?? gatewayUrl, isCleartextAllowed),
    audience: options.audience ?? `${gatewayUrl}/v1/token`,
    // A browser's own wants to be called as a global.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  })
  const directory = new DirectoryMirror({ connection, sha256, verify, genesisDigest })
  const records = new NewestRecord()
  const agency = agencyOf(principal)
  return { realm, principal, agency, connection, directory, records, sha256, verify, clock }
}

/**
 * The highest index of an access record that this session was given. What the hub does after that
 * is recorded after it, so a record of before, shown again for a later act, is noticed. What an
 * earlier session was given it does not know.
 */
class NewestRecord {
  private highest = -1

  get index(): number {
    return this.highest
  }

  given(index: number): void {
    this.highest = Math.max(this.highest, index)
  }
}
