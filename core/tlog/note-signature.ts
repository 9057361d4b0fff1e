import { utf8 } from '#core/bytes.ts'
import { parseCheckpoint } from '#core/tlog/checkpoint.ts'
import {
  type Cosignature,
  ed25519Message,
  mlDsa44Message,
  parseCosignature,
} from '#core/tlog/cosignature.ts'
import type { KeyType, VerifierKey } from '#core/tlog/verifier-key.ts'

/** Whether the signature, of the algorithm's length, is the key's over the message. Resolves false
 * for whatever else is wrong; rejects only when it cannot work at all. */
export type RawVerifier = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>

/** Node and browsers have different ones. Without `mlDsa44`, keys of that type are unknown. */
export interface Verifiers {
  readonly ed25519: RawVerifier
  /** FIPS 204, empty context. */
  readonly mlDsa44?: RawVerifier
}

/** From the bytes in the note to what goes to the verifier; null when they are malformed. */
type Unwrap = (
  key: VerifierKey,
  text: string,
  bytes: Uint8Array,
) => { readonly message: Uint8Array; readonly signature: Uint8Array } | null

interface Scheme {
  readonly algorithm: keyof Verifiers
  readonly signatureBytes: number
  readonly unwrap: Unwrap
}

const cosigned =
  (messageOf: (key: VerifierKey, text: string, cosignature: Cosignature) => Uint8Array | null) =>
  (key: VerifierKey, text: string, bytes: Uint8Array): ReturnType<Unwrap> => {
    const cosignature = parseCosignature(bytes)
    const message = cosignature && messageOf(key, text, cosignature)
    return message && { message, signature: cosignature.signature }
  }

const SCHEMES: Readonly<Record<KeyType, Scheme>> = {
  ed25519: {
    algorithm: 'ed25519',
    signatureBytes: 64,
    unwrap: (_key, text, bytes) => ({ message: utf8(text), signature: bytes }),
  },
  'ed25519-cosignature': {
    algorithm: 'ed25519',
    signatureBytes: 64,
    unwrap: cosigned((_key, text, { timestampSeconds }) => ed25519Message(timestampSeconds, text)),
  },
  'ml-dsa-44-cosignature': {
    algorithm: 'mlDsa44',
    signatureBytes: 2420,
    unwrap: cosigned((key, text, { timestampSeconds }) => {
      const checkpoint = parseCheckpoint(text)
      if (checkpoint === null) return null
      const { origin, size, root } = checkpoint
      return mlDsa44Message({
        cosigner: key.name,
        timestampSeconds,
        origin,
        start: 0,
        end: size,
        root,
      })
    }),
  },
}

/** Whether signatures of this key can be verified with these verifiers. */
export const isSupported = (key: VerifierKey, verifiers: Verifiers): boolean =>
  verifiers[SCHEMES[key.type].algorithm] !== undefined

/** Whether `bytes`, as they stand in a note, are the key's signature over `text`. */
export const isSignedBy = async (
  key: VerifierKey,
  text: string,
  bytes: Uint8Array,
  verifiers: Verifiers,
): Promise<boolean> => {
  const { algorithm, signatureBytes, unwrap } = SCHEMES[key.type]
  const signed = unwrap(key, text, bytes)
  const verify = verifiers[algorithm]
  if (signed?.signature.length !== signatureBytes || verify === undefined) return false
  return verify(key.publicKey, signed.message, signed.signature)
}
