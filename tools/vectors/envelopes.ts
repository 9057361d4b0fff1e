import { sha256 } from '#adapters/crypto/sha256.ts'
import { base64url, concatBytes, hex, utf8 } from '#core/bytes.ts'
import {
  ALERT_PAYLOAD_TYPE,
  DIRECTORY_PAYLOAD_TYPE,
  preAuthenticationEncoding,
} from '#core/envelope.ts'
import type { RefusalCode } from '#core/refusal.ts'
import { BARE, BASE } from '#tools/vectors/base-alert.ts'
import { withHighS } from '#tools/vectors/deterministic-es256.ts'
import { bytesFor, ed25519Key, es256Key, keyJson, type VectorKey } from '#tools/vectors/keys.ts'
import {
  array,
  bytes,
  flipped,
  long,
  NONE,
  overlong,
  singleObject,
  text,
  unhex,
} from '#tools/vectors/raw-avro.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'
import { payloadOf } from '#tools/vectors/written-alert.ts'

export const SIGNED_ALERT_FINGERPRINT = '86f9dd6cbd4d836c'

const ED = ed25519Key('ctd-kp alerts')
const ED_TWO = ed25519Key('ctd-kp alerts, second')
const EC = es256Key('ctd-kp alerts on a card')
const EC_TWO = es256Key('ctd-kp alerts on a card, second')
const STRANGER = ed25519Key('a stranger')
/** What the reader of an envelope looks keys up in; the stranger's is not there. */
const KEYS = [ED, ED_TWO, EC, EC_TWO]

const PAYLOAD = payloadOf(BARE)
const TYPE = ALERT_PAYLOAD_TYPE
const MESSAGE = preAuthenticationEncoding(TYPE, PAYLOAD)

interface Signed {
  readonly keyId: string
  readonly signature: Uint8Array
}

const signedBy = async (key: VectorKey, message = MESSAGE): Promise<Signed> => ({
  keyId: key.keyId,
  signature: await key.sign(message),
})

const byKeyId = (a: Signed, b: Signed): number => (a.keyId < b.keyId ? -1 : 1)

interface Parts {
  readonly type?: Uint8Array
  readonly payload?: Uint8Array
  readonly signatures: readonly Signed[] | Uint8Array
}

/** An envelope by hand: whatever is given, sorted or not. */
const envelope = ({ type, payload, signatures }: Parts): Uint8Array => {
  const list =
    signatures instanceof Uint8Array
      ? signatures
      : array(...signatures.map((one) => concatBytes(text(one.keyId), bytes(one.signature))))
  return singleObject(
    SIGNED_ALERT_FINGERPRINT,
    concatBytes(type ?? text(TYPE), payload ?? bytes(PAYLOAD), list),
  )
}

const VALID = [
  { why: 'one signature, Ed25519', keys: [ED] },
  { why: 'one signature, ECDSA P-256', keys: [EC] },
  { why: 'two signatures of both kinds, sorted by key id', keys: [ED, EC] },
  { why: 'four signatures, the most', keys: KEYS },
  { why: 'an alert with every optional part', keys: [ED], payload: payloadOf(BASE) },
  {
    why: 'no payload: an envelope does not look into it, whoever reads it next does',
    keys: [EC],
    payload: new Uint8Array(0),
  },
  {
    why: 'a payload that ends as the encoding before it begins: lengths keep them apart',
    keys: [ED],
    payload: utf8(`DSSEv1 ${TYPE.length} ${TYPE} 0 `),
  },
  { why: 'another payload type', keys: [EC], type: DIRECTORY_PAYLOAD_TYPE },
] as const satisfies readonly {
  why: string
  keys: readonly VectorKey[]
  payload?: Uint8Array
  type?: string
}[]

const validRow = async (row: {
  readonly why: string
  readonly keys: readonly VectorKey[]
  readonly payload?: Uint8Array
  readonly type?: string
}) => {
  const { payload = PAYLOAD, type = TYPE } = row
  const message = preAuthenticationEncoding(type, payload)
  const signatures = await Promise.all(row.keys.map((key) => signedBy(key, message)))
  signatures.sort(byKeyId)
  return {
    why: row.why,
    payloadType: type,
    payload: hex(payload),
    signatures: signatures.map(({ keyId, signature }) => ({ keyId, signature: hex(signature) })),
    preAuthenticationEncoding: hex(message),
    digest: hex(sha256(message)),
    envelope: hex(envelope({ type: text(type), payload: bytes(payload), signatures })),
  }
}

interface Invalid {
  readonly why: string
  readonly code: RefusalCode
  readonly detail?: string
  readonly envelope: Uint8Array
}

/** Codes and details are written by hand. */
const refused = (
  code: RefusalCode,
  why: string,
  parts: Parts | Uint8Array,
  detail?: string,
): Invalid => ({
  why,
  code,
  ...(detail === undefined ? {} : { detail }),
  envelope: parts instanceof Uint8Array ? parts : envelope(parts),
})

const malformed = (why: string, detail: string, parts: Parts | Uint8Array): Invalid =>
  refused('envelope-malformed', why, parts, detail)

const formRows = async (): Promise<readonly Invalid[]> => {
  const signatures = [await signedBy(ED)]
  const good = envelope({ signatures })
  const raw = concatBytes(text(ED.keyId), bytes(signatures[0]?.signature ?? NONE))
  return [
    malformed('no bytes', 'not-single-object at byte 0', new Uint8Array(0)),
    malformed('the payload alone', 'unknown-schema at byte 2', PAYLOAD),
    malformed('a byte behind the end', 'trailing-bytes at byte 253', concatBytes(good, NONE)),
    malformed('cut inside the header', 'not-single-object at byte 0', good.subarray(0, 7)),
    malformed('cut inside the payload', 'truncated at byte 43', good.subarray(0, 100)),
    malformed('cut inside the signature', 'truncated at byte 186', good.subarray(0, 240)),
    malformed('the payload’s length in a byte more than it needs', 'overlong-varint at byte 43', {
      payload: concatBytes(overlong(PAYLOAD.length), PAYLOAD),
      signatures,
    }),
    malformed('five bytes that claim 2^31 − 1 signatures', 'budget-items at byte 141', {
      signatures: long(2 ** 31 - 1),
    }),
    malformed('signatures in two blocks', 'split-block at byte 252', {
      signatures: concatBytes(long(1), raw, long(1), raw, NONE),
    }),
    malformed('signatures in a block with its size', 'negative-length at byte 141', {
      signatures: concatBytes(long(-1), long(raw.length), raw, NONE),
    }),
    malformed('a payload type that is no UTF-8', 'bad-utf8 at byte 10', {
      type: bytes(unhex('ff')),
      signatures,
    }),
  ]
}

const TYPES = ['', 'application/vnd.rabta.Alert+avro', `${TYPE};v=1`, `${TYPE} `, 'text/plain']

const typeRows = async (): Promise<readonly Invalid[]> => {
  const others = [DIRECTORY_PAYLOAD_TYPE, ...TYPES].map(async (type) =>
    refused('payload-type-unknown', `the payload type ${JSON.stringify(type)}`, {
      type: text(type),
      signatures: [await signedBy(ED, preAuthenticationEncoding(type, PAYLOAD))],
    }),
  )
  return Promise.all(others)
}

const listRows = async (): Promise<readonly Invalid[]> => {
  const all = await Promise.all([...KEYS, STRANGER].map((key) => signedBy(key)))
  const [one, two] = (await Promise.all([signedBy(ED), signedBy(EC)])).sort(byKeyId)
  if (one === undefined || two === undefined) throw new Error('no signatures')
  const bad = (why: string, signatures: readonly Signed[]): Invalid =>
    refused('signatures-malformed', why, { signatures })
  const { keyId, signature } = one
  return [
    bad('no signature', []),
    bad('five signatures', all.toSorted(byKeyId)),
    bad('signatures out of order', [two, one]),
    bad('one key twice', [one, one]),
    bad('an empty signature', [{ keyId, signature: new Uint8Array(0) }]),
    bad('a signature of 63 bytes', [{ keyId, signature: signature.subarray(0, 63) }]),
    bad('a signature of 65 bytes', [{ keyId, signature: concatBytes(signature, NONE) }]),
    bad('an ECDSA signature in DER', [
      { keyId: EC.keyId, signature: derOf(await EC.sign(MESSAGE)) },
    ]),
    bad('an empty key id', [{ keyId: '', signature }]),
    bad('a key id cut by a character', [{ keyId: keyId.slice(1), signature }]),
    bad('a padded key id', [{ keyId: `${keyId}=`, signature }]),
    bad('a key id in base64’s other alphabet', [{ keyId: `+${keyId.slice(1)}`, signature }]),
    bad('a key id in hexadecimal', [{ keyId: hex(bytesFor('id')), signature }]),
  ]
}

/** SEQUENCE { INTEGER r, INTEGER s }. */
const derOf = (signature: Uint8Array): Uint8Array => {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
    const digits = (number[0] ?? 0) >= 0x80 ? concatBytes(NONE, number) : number
    return concatBytes(Uint8Array.of(2, digits.length), digits)
  })
  const body = concatBytes(...integers)
  return concatBytes(Uint8Array.of(0x30, body.length), body)
}

const keyRows = async (): Promise<readonly Invalid[]> => {
  const { signature } = await signedBy(ED)
  const unknown = (why: string, keyId: string): Invalid =>
    refused('key-unknown', why, { signatures: [{ keyId, signature }] })
  const { x } = keyJson(ED).jwk
  const thumbprint = (json: string): string => base64url(sha256(utf8(json)))
  return [
    refused('key-unknown', 'a signature of a stranger', { signatures: [await signedBy(STRANGER)] }),
    refused('key-unknown', 'a stranger’s signature beside a good one', {
      signatures: (await Promise.all([signedBy(STRANGER), signedBy(ED)])).sort(byKeyId),
    }),
    unknown('a key id over the key’s bytes', base64url(sha256(ED.publicKey.key))),
    unknown(
      'a thumbprint over members in another order',
      thumbprint(`{"kty":"OKP","crv":"Ed25519","x":"${x}"}`),
    ),
    unknown(
      'a thumbprint with white space',
      thumbprint(`{"crv": "Ed25519", "kty": "OKP", "x": "${x}"}`),
    ),
  ]
}

const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

/** S + L: the same point, in a form that RFC 8032 §5.1.7 refuses. */
const withHigherS = (signature: Uint8Array): Uint8Array => {
  const s = BigInt(`0x${hex(signature.slice(32).reverse())}`) + ED25519_ORDER
  return concatBytes(signature.subarray(0, 32), unhex(s.toString(16).padStart(64, '0')).reverse())
}

const signatureRows = async (): Promise<readonly Invalid[]> => {
  const [ed, ec] = await Promise.all([signedBy(ED), signedBy(EC)])
  const bad = (why: string, signatures: readonly Signed[], payload = PAYLOAD): Invalid =>
    refused('signature-invalid', why, { payload: bytes(payload), signatures })
  const changed = (one: Signed, signature: Uint8Array): Signed => ({ ...one, signature })
  const over = async (message: Uint8Array): Promise<readonly Signed[]> => [
    await signedBy(ED, message),
  ]
  return [
    bad('over the payload alone', await over(PAYLOAD)),
    bad('over the digest of what is to be signed', await over(sha256(MESSAGE))),
    bad(
      'over another payload type',
      await over(preAuthenticationEncoding(DIRECTORY_PAYLOAD_TYPE, PAYLOAD)),
    ),
    bad(
      'over another version of the encoding',
      await over(concatBytes(utf8('DSSEv2'), MESSAGE.subarray(6))),
    ),
    bad('over another payload', await over(preAuthenticationEncoding(TYPE, flipped(PAYLOAD, -1)))),
    bad('the payload’s last bit is another', [ed], flipped(PAYLOAD, -1)),
    bad('one bit of an Ed25519 signature is another', [changed(ed, flipped(ed.signature, 0))]),
    bad('one bit of an ECDSA signature is another', [changed(ec, flipped(ec.signature, 5))]),
    bad('the higher of the two S of ECDSA', [changed(ec, withHighS(ec.signature))]),
    bad('the higher form of S of Ed25519', [changed(ed, withHigherS(ed.signature))]),
    bad('an ECDSA signature of zeros', [changed(ec, new Uint8Array(64))]),
    bad('an Ed25519 signature of zeros', [changed(ed, new Uint8Array(64))]),
    bad('the signature of one key under another’s id', [{ ...ed, keyId: ED_TWO.keyId }]),
    bad(
      'one good signature and one bad',
      [ed, changed(ec, flipped(ec.signature, -1))].sort(byKeyId),
    ),
    bad(
      'signatures exchanged',
      [changed(ed, ec.signature), changed(ec, ed.signature)].sort(byKeyId),
    ),
  ]
}

export const envelopeVectors = async (): Promise<string> => {
  const groups = [formRows, typeRows, listRows, keyRows, signatureRows]
  const invalid = (await Promise.all(groups.map((rows) => rows()))).flat()
  return vectorText(
    'Signed envelopes: DSSE in Avro. A reader expects the payload type of an alert.',
    {
      fingerprint: SIGNED_ALERT_FINGERPRINT,
      payloadType: TYPE,
      keys: KEYS.map(keyJson),
      valid: await Promise.all(VALID.map(validRow)),
      invalid: invalid.map((row) => ({ ...row, envelope: hex(row.envelope) })),
    },
  )
}
