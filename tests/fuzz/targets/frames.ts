import { openCipher } from '#adapters/crypto/cipher.ts'
import { hex } from '#core/bytes.ts'
import { encodeStamp, frameFrom, openFrame, sealFrame, stampFrom } from '#core/frame.ts'
import type { Seal } from '#core/ports/seal.ts'
import { monthOf } from '#core/seal-key.ts'
import { NOW_MS, SIGNED_ALERTS, STAMP_BYTES, STAMPS } from '#tests/fuzz/corpus.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { broken, sameBytes, type Target } from '#tests/fuzz/target.ts'

const cipher = openCipher(new Uint8Array(32).fill(7))
const KEY_ID = `live.RESTRICTED.${monthOf(NOW_MS)}.1`

/** AES-256-GCM under one key, behind the port of seals. */
const seal: Seal = {
  keyIdFor: () => KEY_ID,
  seal: ({ additionalData, plaintext }) => cipher.encrypt(plaintext, additionalData),
  open: ({ keyId, additionalData, ciphertext }) => {
    if (keyId !== KEY_ID) return { state: 'unknown-key' }
    const plaintext = cipher.decrypt(ciphertext, additionalData)
    return plaintext === null ? { state: 'forged' } : { state: 'opened', plaintext }
  },
}

export const FRAMES: readonly Uint8Array[] = STAMPS.map((stamp, nth) =>
  sealFrame(seal, {
    stamp,
    signedAlert: SIGNED_ALERTS[nth] ?? new Uint8Array(0),
    sealKeyId: KEY_ID,
    nonce: new Uint8Array(12).fill(nth),
  }),
)

const SEALED = new Set(SIGNED_ALERTS.map(hex))
const STAMPED = new Set(STAMP_BYTES.map(hex))

const frame: Target = {
  name: 'frame',
  weight: 40,
  make: (random) => mutant(FRAMES, random),
  take: (bytes) => {
    const read = frameFrom(bytes)
    if (read === null) return 'refused'
    const opened = openFrame(seal, read)
    if (opened.state !== 'opened') return 'read'
    if (!SEALED.has(hex(opened.plaintext))) broken('opens to what nobody sealed')
    if (!STAMPED.has(hex(read.stampBytes))) broken('opens under a stamp that nobody gave')
    return 'accepted'
  },
}

const stamp: Target = {
  name: 'stamp',
  weight: 40,
  make: (random) => mutant(STAMP_BYTES, random),
  take: (bytes) => {
    const read = stampFrom(bytes)
    if (read === null) return 'refused'
    sameBytes(encodeStamp(read), bytes, 'a stamp encodes to other bytes')
    return 'accepted'
  },
}

export const FRAME_TARGETS: readonly Target[] = [frame, stamp]
