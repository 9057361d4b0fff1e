import { base64url, concatBytes, equalBytes, fromBase64url, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { FeedFilter } from '#core/ports/alert-index.ts'
import type { Cipher } from '#core/ports/cipher.ts'
import type { PrincipalId } from '#core/principal.ts'
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

const VERSION = 1
const OFFSET_BYTES = 6
const HASH_BYTES = 32

/**
 * A place in a feed as opaque text, encrypted under a key that all gateways share: offsets of
 * topics that the reader may not see would tell how much goes on there. Of fixed length for a scope.
 */
export const encodeCursor = (
  scope: CursorScope,
  positions: Positions,
  { cipher, sha256 }: { readonly cipher: Cipher; readonly sha256: Sha256 },
): string => {
  const offsets = new Uint8Array(scope.topics.length * OFFSET_BYTES)
  const view = new DataView(offsets.buffer)
  for (const [at, topic] of scope.topics.entries()) {
    const offset = positions.get(topic) ?? 0
    view.setUint16(at * OFFSET_BYTES, Math.floor(offset / 2 ** 32))
    view.setUint32(at * OFFSET_BYTES + 2, offset % 2 ** 32)
  }
  const head = Uint8Array.of(VERSION, REALMS.indexOf(scope.realm))
  const plaintext = concatBytes(head, scopeHash(scope, sha256), offsets)
  return base64url(cipher.encrypt(plaintext, utf8(scope.principal)))
}

/** Null when `text` is not a cursor that was made for this scope. */
export const decodeCursor = (
  text: string,
  scope: CursorScope,
  { cipher, sha256 }: { readonly cipher: Cipher; readonly sha256: Sha256 },
): Positions | null => {
  const sealed = fromBase64url(text)
  const plaintext = sealed && cipher.decrypt(sealed, utf8(scope.principal))
  if (!plaintext || plaintext.length !== 2 + HASH_BYTES + scope.topics.length * OFFSET_BYTES) {
    return null
  }
  if (plaintext[0] !== VERSION || plaintext[1] !== REALMS.indexOf(scope.realm)) return null
  const hash = plaintext.subarray(2, 2 + HASH_BYTES)
  if (!equalBytes(hash, scopeHash(scope, sha256))) return null
  const view = new DataView(plaintext.buffer, plaintext.byteOffset + 2 + HASH_BYTES)
  return new Map(
    scope.topics.map((topic, at) => [
      topic,
      view.getUint16(at * OFFSET_BYTES) * 2 ** 32 + view.getUint32(at * OFFSET_BYTES + 2),
    ]),
  )
}

const scopeHash = ({ filter, topics }: CursorScope, sha256: Sha256): Uint8Array => {
  const { jurisdictions, classifications, precedences, kinds, origins } = filter
  const lists = [jurisdictions, classifications, precedences, kinds, origins]
  return sha256(utf8(JSON.stringify([lists, topics])))
}
