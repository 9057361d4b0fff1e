import type { Alert } from '#core/alert.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, type Envelope, envelopeFrom } from '#core/envelope.ts'
import { type Frame, frameFrom, openFrame } from '#core/frame.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import type { Seal } from '#core/ports/seal.ts'
import type { Result } from '#core/refusal.ts'
import { TwoGenerations } from '#core/two-generations.ts'

/** A frame whose seal opened, with the signed alert that its stamp names. Nobody has looked at the
 * signatures yet. */
export interface OpenedFrame {
  readonly frame: Frame
  readonly signedAlert: Uint8Array
  readonly envelope: Envelope
  readonly alert: Result<Alert>
}

interface Remembered {
  readonly bytes: Uint8Array
  readonly value: OpenedFrame
}

export type FrameReading =
  | { readonly state: 'opened'; readonly value: OpenedFrame }
  | { readonly state: 'ignored' | 'erased' | 'blocked'; readonly why: string }

/**
 * Reads frames by one seal. What it finds follows from the frame's bytes and the seal's keys, which
 * stay as they were until `forget` is called; so it remembers, by all the bytes, and gateway, router
 * and index of one process pay once. Whether the signing keys were good at the stamp's time, the
 * directory says, and that is asked anew each time.
 */
export class FrameReader {
  readonly seal: Seal
  private readonly sha256: Sha256
  private remembered = new TwoGenerations<Remembered>(LIMITS.framesRememberedBytesMax)

  constructor(seal: Seal, sha256: Sha256) {
    this.seal = seal
    this.sha256 = sha256
  }

  read(bytes: Uint8Array): FrameReading {
    const known = this.recall(bytes)
    if (known !== null) return { state: 'opened', value: known }
    // Nobody else has these: what is remembered of them stays true.
    const own = new Uint8Array(bytes)
    const reading = this.readAnew(own)
    // What is not readable is not remembered: it could push out what is.
    if (reading.state === 'opened' && reading.value.alert.ok) {
      const weight = own.length * COPIES + READING_BYTES
      this.remembered.set(keyOf(own), { bytes: own, value: reading.value }, weight)
    }
    return reading
  }

  /** What is remembered of a frame of exactly these bytes. */
  recall(bytes: Uint8Array): OpenedFrame | null {
    const known = this.remembered.get(keyOf(bytes))
    // The key only finds: every byte counts.
    return known !== undefined && equalBytes(known.bytes, bytes) ? known.value : null
  }

  /** For when the seal's keys have changed. */
  forget(): void {
    this.remembered = new TwoGenerations(LIMITS.framesRememberedBytesMax)
  }

  private readAnew(bytes: Uint8Array): FrameReading {
    const frame = frameFrom(bytes)
    if (frame === null) return ignored('frame-malformed')
    const opened = openFrame(this.seal, frame)
    if (opened.state !== 'opened') return UNOPENED[opened.state]
    const signedAlert = opened.plaintext
    const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
    if (!envelope.ok) return ignored(envelope.refusal.code)
    if (!equalBytes(digestOf(envelope.value, this.sha256), frame.stamp.digest)) {
      return ignored('stamp-contradicts')
    }
    const alert = decodeAlert(envelope.value.payload)
    return { state: 'opened', value: { frame, signedAlert, envelope: envelope.value, alert } }
  }
}

const UNOPENED = {
  erased: { state: 'erased', why: 'erased' },
  'unknown-key': { state: 'blocked', why: 'unknown-seal-key' },
  forged: { state: 'ignored', why: 'seal-forged' },
} as const

/** The tag of the seal: what a frame ends with. */
const keyOf = (bytes: Uint8Array): string => hex(bytes.subarray(-TAG_BYTES))

const TAG_BYTES = 16

const ignored = (why: string): FrameReading => ({ state: 'ignored', why })

/** The frame, what was in it, and the values that were made of that. */
const COPIES = 3
const READING_BYTES = 4_096
