import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { type AccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { type Stamp, sealFrame } from '#core/frame.ts'
import type { Seal } from '#core/ports/seal.ts'
import { isPrincipalId } from '#core/principal.ts'
import { monthOf } from '#core/seal-key.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import { agencyId } from '#tests/sample-alert.ts'

/** A record like those of a gateway; `changes` replace its parts. */
export const accessRecord = (changes: Partial<AccessRecord> = {}): AccessRecord => {
  const principal = 'ctd-kp/duty-officer'
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  return {
    timeMs: Date.now(),
    service: 'GATEWAY',
    requestId: uuidFromRandom(randomBytes(16)),
    realm: 'live',
    principal,
    agency: agencyId('ctd-kp'),
    action: 'PUBLISH',
    outcome: 'ALLOWED',
    alert: {
      origin: agencyId('ctd-kp'),
      id: uuidFromRandom(randomBytes(16)),
      digest: randomBytes(32),
    },
    reasons: [],
    policyDigest: null,
    directory: null,
    purpose: null,
    searchTerms: null,
    salt: randomBytes(16),
    ...changes,
  }
}

/** For tests of what cannot open frames. */
const blindSeal: Seal = {
  keyIdFor: () => null,
  seal: ({ plaintext }) => plaintext,
  open: () => ({ state: 'unknown-key' }),
}

/** A record of publication for leaf `index`, and a frame whose stamp quotes it. */
export const publishedFrame = ({
  index,
  changes = {},
  stampChanges = {},
}: {
  readonly index: number
  readonly changes?: Partial<AccessRecord>
  readonly stampChanges?: Partial<Stamp>
}): { readonly record: Uint8Array; readonly frame: Uint8Array; readonly stamp: Stamp } => {
  const access = accessRecord(changes)
  const record = encodeAccessRecord(access)
  const { alert, realm } = access
  if (alert === null || alert.digest === null) throw new RangeError('a publication names its alert')
  const stamp: Stamp = {
    realm,
    origin: alert.origin,
    id: alert.id,
    digest: alert.digest,
    publishRecord: { index, leafHash: leafHash(sha256, record) },
    directorySequence: 0,
    acceptedAtMs: access.timeMs,
    ...stampChanges,
  }
  const sealKeyId = `${stamp.realm}.RESTRICTED.${monthOf(stamp.acceptedAtMs)}.1`
  const signedAlert = randomBytes(100)
  const nonce = randomBytes(12)
  return { record, frame: sealFrame(blindSeal, { stamp, signedAlert, sealKeyId, nonce }), stamp }
}
