import { base64url, concatBytes, equalBytes, fromBase64url, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { FeedFilter } from '#core/ports/alert-index.ts'
import type { Cipher } from '#core/ports/cipher.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { ReadRights } from '#core/read-rights.ts'
import { REALMS, type Realm } from '#core/realm.ts'

/** What a cursor is bound to: given to another, or for another filter or set of topics, it is none. */
export interface CursorScope {
  readonly principal: PrincipalId
  readonly realm: Realm
  readonly filter: FeedFilter
  /** The topics that the node follows, in table order: one offset each. */
  readonly topics: readonly string[]
}

/** For each topic, the offset to go on from. */
export type Positions = ReadonlyMap<string, number>

/** Where a reader stands in its feed. */
export interface FeedPlace {
  readonly positions: Positions
  /** Whoever holds no more than these was given all that stands before the positions. */
  readonly rights: ReadRights
}

interface CursorDeps {
  readonly cipher: Cipher
  readonly sha256: Sha256
}

const VERSION = 2
const OFFSET_BYTES = 6
const HASH_BYTES = 32
const HELD_BYTES = 4

/**
 * A place in a feed as opaque text, encrypted under a key that all gateways share: offsets of
 * topics that the reader may not see would tell how much goes on there. Of fixed length for a scope.
 */
export const encodeCursor = (
  scope: CursorScope,
  { positions, rights }: FeedPlace,
  { cipher, sha256 }: CursorDeps,
): string => {
  const numbers = new Uint8Array(HELD_BYTES + scope.topics.length * OFFSET_BYTES)
  const view = new DataView(numbers.buffer)
  view.setUint32(0, rights.held)
  for (const [at, topic] of scope.topics.entries()) {
    const offset = positions.get(topic) ?? 0
    view.setUint16(HELD_BYTES + at * OFFSET_BYTES, Math.floor(offset / 2 ** 32))
    view.setUint32(HELD_BYTES + at * OFFSET_BYTES + 2, offset % 2 ** 32)
  }
  const head = Uint8Array.of(VERSION, REALMS.indexOf(scope.realm))
  const plaintext = concatBytes(head, scopeHash(scope, sha256), rights.policyDigest, numbers)
  return base64url(cipher.encrypt(plaintext, utf8(scope.principal)))
}

/**
 * `foreign`: it was not made for this scope. `other-version`: it was made for this principal, in
 * another form than this hub's.
 */
export const decodeCursor = (
  text: string,
  scope: CursorScope,
  { cipher, sha256 }: CursorDeps,
): FeedPlace | 'foreign' | 'other-version' => {
  const sealed = fromBase64url(text)
  const plaintext = sealed && cipher.decrypt(sealed, utf8(scope.principal))
  if (!plaintext) return 'foreign'
  if (plaintext[0] !== VERSION) return 'other-version'
  const numbersAt = 2 + HASH_BYTES + HASH_BYTES
  if (plaintext.length !== numbersAt + HELD_BYTES + scope.topics.length * OFFSET_BYTES) {
    return 'foreign'
  }
  const hash = plaintext.subarray(2, 2 + HASH_BYTES)
  const isOfScope =
    plaintext[1] === REALMS.indexOf(scope.realm) && equalBytes(hash, scopeHash(scope, sha256))
  if (!isOfScope) return 'foreign'
  const policyDigest = plaintext.slice(2 + HASH_BYTES, numbersAt)
  const view = new DataView(plaintext.buffer, plaintext.byteOffset + numbersAt)
  const offsets = scope.topics.map((topic, place) => {
    const at = HELD_BYTES + place * OFFSET_BYTES
    return [topic, view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)] as const
  })
  return { positions: new Map(offsets), rights: { held: view.getUint32(0), policyDigest } }
}

const scopeHash = ({ filter, topics }: CursorScope, sha256: Sha256): Uint8Array => {
  const { jurisdictions, classifications, precedences, kinds, origins } = filter
  const lists = [jurisdictions, classifications, precedences, kinds, origins]
  return sha256(utf8(JSON.stringify([lists, topics])))
}
