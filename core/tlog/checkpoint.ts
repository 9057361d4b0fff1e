import { base64, fromBase64 } from '#core/bytes.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { isCount, parseCount } from '#core/tlog/integer.ts'
import { isKeyName } from '#core/tlog/verifier-key.ts'

/** What a log signs: its name, size and root (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** The log's name, which is also the name of its key. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  /** Lines that Ed25519 signatures cover and ML-DSA cosignatures do not; ours has none. */
  readonly extensions: readonly string[]
}

/** The text of a note; null when the values make none. */
export const formatCheckpoint = (checkpoint: Checkpoint): string | null => {
  const { origin, size, root, extensions } = checkpoint
  if (!isKeyName(origin) || !isCount(size) || root.length !== HASH_BYTES) return null
  if (extensions.some((line) => line === '' || line.includes('\n'))) return null
  return [origin, size, base64(root), ...extensions].map((line) => `${line}\n`).join('')
}

/** Null for a text that is no checkpoint, of an origin that no key can be named after too. */
export const parseCheckpoint = (text: string): Checkpoint | null => {
  if (!text.endsWith('\n')) return null
  const [origin = '', sizeText = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n')
  const size = parseCount(sizeText)
  const root = fromBase64(rootText)
  if (!isKeyName(origin) || size === null || root?.length !== HASH_BYTES) return null
  return extensions.includes('') ? null : { origin, size, root, extensions }
}
