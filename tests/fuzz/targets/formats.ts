import { isDeepStrictEqual } from 'node:util'
import { openCipher } from '#adapters/crypto/cipher.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { alertToJson } from '#core/alert-json.ts'
import { concatBytes, fromUtf8, hex, utf8 } from '#core/bytes.ts'
import { alertCodec } from '#core/codecs.ts'
import { type CursorScope, decodeCursor, encodeCursor } from '#core/cursor.ts'
import { decodeDeadLetter, encodeDeadLetter } from '#core/dead-letter.ts'
import { ALERT_PAYLOAD_TYPE, envelopeFrom, preAuthenticationEncoding } from '#core/envelope.ts'
import type { VerifySignature } from '#core/key.ts'
import { isPrincipalId } from '#core/principal.ts'
import { recordToJson } from '#core/record-json.ts'
import { alertSchema } from '#core/schemas.ts'
import {
  ALERT_SIGNER,
  DEAD_LETTERS,
  PAYLOADS,
  RECORDS,
  SECOND_SIGNER,
  SIGNED_ALERTS,
} from '#tests/fuzz/corpus.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { broken, sameBytes, type Target } from '#tests/fuzz/target.ts'
import { grammarOf, madeBy } from '#tests/fuzz/targets/avro.ts'

const SIGNED = new Set(
  PAYLOADS.map((payload) => hex(preAuthenticationEncoding(ALERT_PAYLOAD_TYPE, payload))),
)
const SIGNERS = [ALERT_SIGNER, SECOND_SIGNER]

export const envelopeTarget = (verify: VerifySignature): Target => ({
  name: 'envelope',
  weight: 40,
  make: (random) => mutant(SIGNED_ALERTS, random),
  take: async (bytes) => {
    const read = envelopeFrom(bytes, ALERT_PAYLOAD_TYPE)
    if (!read.ok) return 'refused'
    const { payloadType, payload, signatures } = read.value
    const message = preAuthenticationEncoding(payloadType, payload)
    for (const { keyId, signature } of signatures) {
      const signer = SIGNERS.find((one) => one.keyId === keyId)
      if (!signer || !(await verify(signer.publicKey, message, signature))) return 'read'
    }
    return SIGNED.has(hex(message)) ? 'accepted' : broken('verifies, and nobody signed it')
  },
})

const ALERT_GRAMMAR = grammarOf(alertCodec, alertSchema, PAYLOADS)

const alertMeaning: Target = {
  name: 'alert-meaning',
  weight: 60,
  make: (random) => madeBy(ALERT_GRAMMAR, random),
  take: (bytes) => {
    const read = decodeAlert(bytes)
    if (!read.ok) return read.refusal.code === 'alert-malformed' ? 'refused' : 'read'
    // Aliases of jurisdictions are read and never written: after that, nothing may move any more.
    const again = decodeAlert(encodeAlert(read.value))
    if (!again.ok || !isDeepStrictEqual(again.value, read.value))
      broken('means another thing again')
    JSON.stringify(alertToJson(read.value))
    return 'accepted'
  },
}

const accessRecord: Target = {
  name: 'access-record',
  weight: 40,
  make: (random) => mutant(RECORDS, random),
  take: (bytes) => {
    const record = decodeAccessRecord(bytes)
    if (record === null) return 'refused'
    sameBytes(encodeAccessRecord(record), bytes, 'a record encodes to other bytes')
    JSON.stringify(recordToJson(record))
    return 'accepted'
  },
}

const deadLetter: Target = {
  name: 'dead-letter',
  weight: 40,
  make: (random) => mutant(DEAD_LETTERS, random),
  take: (bytes) => {
    const letter = decodeDeadLetter(bytes)
    if (letter === null) return 'refused'
    sameBytes(encodeDeadLetter(letter), bytes, 'a dead letter encodes to other bytes')
    return 'accepted'
  },
}

const cipher = openCipher(new Uint8Array(32).fill(9))
const PRINCIPAL = 'ctd-kp/duty-officer'
if (!isPrincipalId(PRINCIPAL)) throw new RangeError(PRINCIPAL)

const SCOPE: CursorScope = {
  principal: PRINCIPAL,
  realm: 'live',
  filter: {
    jurisdictions: null,
    classifications: null,
    precedences: null,
    kinds: null,
    origins: null,
  },
  topics: ['live.alerts.PK.RESTRICTED', 'live.alerts.PK-KP.RESTRICTED'],
}

const PLACE = {
  positions: new Map(SCOPE.topics.map((topic, at) => [topic, 2 ** (at * 40)])),
  rights: { held: 3, policyDigest: new Uint8Array(32).fill(1) },
}
const CURSOR = utf8(encodeCursor(SCOPE, PLACE, { cipher, sha256 }))
const CURSOR_PLAINTEXT = cipher.decrypt(
  Buffer.from(Buffer.from(CURSOR).toString(), 'base64url'),
  utf8(PRINCIPAL),
)
if (CURSOR_PLAINTEXT === null) throw new Error('a cursor that does not open')

/** Its first byte says which: 0, a text as a stranger sends it; 1, what the hub would encrypt. */
const cursor: Target = {
  name: 'cursor',
  weight: 20,
  make: (random) =>
    random.chance(0.5)
      ? concatBytes(Uint8Array.of(0), mutant([CURSOR], random))
      : concatBytes(Uint8Array.of(1), mutant([CURSOR_PLAINTEXT], random)),
  take: (bytes) => {
    const rest = bytes.subarray(1)
    const isOurs = bytes[0] === 1
    const sealed = isOurs ? cipher.encrypt(rest, utf8(PRINCIPAL)) : rest
    const text = isOurs ? Buffer.from(sealed).toString('base64url') : (fromUtf8(rest) ?? '')
    const place = decodeCursor(text, SCOPE, { cipher, sha256 })
    if (place === 'foreign') return 'refused'
    if (place === 'other-version') return isOurs ? 'read' : broken('a text that opens by chance')
    if (!isOurs) sameBytes(rest, CURSOR, 'a text that the hub never gave is a cursor')
    const again = decodeCursor(encodeCursor(SCOPE, place, { cipher, sha256 }), SCOPE, {
      cipher,
      sha256,
    })
    return isDeepStrictEqual(again, place) ? 'accepted' : broken('a cursor moves')
  },
}

export const FORMAT_TARGETS: readonly Target[] = [
  envelopeTarget(verifySignature),
  alertMeaning,
  accessRecord,
  deadLetter,
  cursor,
]
