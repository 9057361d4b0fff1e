import { base64, concatBytes, fromBase64, hex, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'

/** Public keys of those who sign notes (C2SP signed-note §Verifier keys, tlog-cosignature). */

export const KEY_TYPES = {
  /** Signs a note's text. A log signs its checkpoints so. */
  ed25519: { byte: 0x01, publicKeyBytes: 32 },
  /** A cosigner's: signs a checkpoint and a time. */
  'ed25519-cosignature': { byte: 0x04, publicKeyBytes: 32 },
  'ml-dsa-44-cosignature': { byte: 0x06, publicKeyBytes: 1312 },
} as const

export type KeyType = keyof typeof KEY_TYPES

export interface VerifierKey {
  readonly name: string
  /** 8 hexadecimal digits. It only selects among keys that are known: it is no identity. */
  readonly id: string
  readonly type: KeyType
  readonly publicKey: Uint8Array
}

/** Not empty, no white space, no `+`. */
export const isKeyName = (name: string): boolean =>
  name.isWellFormed() && /^[^\p{White_Space}+]+$/u.test(name)

/** Null when the name or the key's length is wrong. */
export const verifierKey = (
  sha256: Sha256,
  name: string,
  type: KeyType,
  publicKey: Uint8Array,
): VerifierKey | null => {
  const { byte, publicKeyBytes } = KEY_TYPES[type]
  if (!isKeyName(name) || publicKey.length !== publicKeyBytes) return null
  const digest = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(byte), publicKey))
  return { name, id: hex(digest.subarray(0, 4)), type, publicKey }
}

/** `name+id+base64(type byte, public key)`. */
export const formatVerifierKey = ({ name, id, type, publicKey }: VerifierKey): string =>
  `${name}+${id}+${base64(concatBytes(Uint8Array.of(KEY_TYPES[type].byte), publicKey))}`

/** Null for another type of key, or an id that is not the key's. */
export const parseVerifierKey = (sha256: Sha256, text: string): VerifierKey | null => {
  // Base64 has plus signs of its own, so only the first two divide.
  const [, name, id, typed] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const bytes = fromBase64(typed ?? '')
  if (name === undefined || bytes === null) return null
  const type = KEY_TYPE_NAMES.find((candidate) => KEY_TYPES[candidate].byte === bytes[0])
  const key = type === undefined ? null : verifierKey(sha256, name, type, bytes.slice(1))
  return key?.id === id ? key : null
}

const KEY_TYPE_NAMES = Object.keys(KEY_TYPES) as KeyType[]
