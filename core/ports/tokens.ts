import type { KeyId, PublicKey } from '#core/key.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/** Who calls, and for which realm. What they may do, the directory says. */
export interface Caller {
  readonly principal: PrincipalId
  readonly realm: Realm
}

/** A key that may verify, or null: asked of the directory each time, never remembered. */
export type FindKey = (id: KeyId) => PublicKey | null

/** Access tokens: JWTs signed with ES256 under a `token_signing` key of the hub. */
export interface Tokens {
  /**
   * `lifeMs`: how long it is good for, from `nowMs`. `boundTo`: the thumbprint of the certificate
   * that every request with it must come with (RFC 8705 §3.1). `provenBy`: the key by which the
   * caller has proven who it is, and with which the token ends.
   */
  issue(
    caller: Caller & { readonly provenBy?: KeyId | null },
    nowMs: number,
    lifeMs: number,
    boundTo?: string | null,
  ): Promise<string>
}

export interface TokenVerifier {
  /** Null when the token is anything but valid at `nowMs`. */
  verifyToken(token: string, find: FindKey, nowMs: number): Promise<VerifiedToken | null>
  /** Checks a client assertion (RFC 7523): ES256, audience, issuer = subject, ≤ 60 s, with `jti`. */
  verifyAssertion(assertion: string, find: FindKey, nowMs: number): Promise<Assertion | null>
}

export interface VerifiedToken extends Caller {
  readonly expiresAtMs: number
  /** The thumbprint of the certificate that it is bound to; null when it is not bound. */
  readonly boundTo: string | null
  /** The `authentication` key that it was got with; whoever takes the token asks whether it holds
   * still. Null when it says none. */
  readonly provenBy: KeyId | null
}

/** What an assertion says. Whether its key is the principal's, the caller of the port checks. */
export interface Assertion {
  readonly principal: PrincipalId
  readonly keyId: KeyId
  /** The single-use id, 16 to 64 characters. */
  readonly jti: string
  readonly expiresAtMs: number
}
