import type { Alert } from '#core/alert.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { Envelope } from '#core/envelope.ts'
import type { Frame } from '#core/frame.ts'
import type { FrameReader } from '#core/frame-reader.ts'
import type { VerifySignature } from '#core/key.ts'
import { signaturesFault } from '#core/signing.ts'

export interface CheckFrameDeps {
  readonly frames: FrameReader
  readonly directory: DirectoryView
  readonly verify: VerifySignature
}

/** A frame whose seal, stamp, label and signatures agree. */
export interface AuthenticFrame {
  readonly frame: Frame
  readonly signedAlert: Uint8Array
  readonly envelope: Envelope
  readonly alert: Alert
}

/**
 * `ignored`: a forgery or a mistake; passed over with an alarm. `erased`: its seal key was
 * destroyed; passed over. `blocked`: authentic as far as can be told, but not readable by this
 * node (a key or a schema it does not have): whoever follows the topic must stop there, since
 * passing over it would lose an alert.
 */
export type FrameCheck =
  | { readonly state: 'authentic'; readonly value: AuthenticFrame }
  | { readonly state: 'ignored' | 'erased'; readonly why: string }
  | { readonly state: 'blocked'; readonly why: string }

/** Trusts nothing about `bytes`: opens the seal and verifies the signatures as of the stamp. */
export const checkFrame = async (bytes: Uint8Array, deps: CheckFrameDeps): Promise<FrameCheck> => {
  const reading = deps.frames.read(bytes)
  if (reading.state !== 'opened') return reading
  const { frame, signedAlert, envelope, alert } = reading.value
  const fault = await stampFault(frame, envelope, deps)
  if (fault !== null) return ignored(fault)
  if (!alert.ok) {
    return alert.refusal.code === 'schema-unknown'
      ? { state: 'blocked', why: 'schema-unknown' }
      : ignored(alert.refusal.code)
  }
  return isAsStamped(frame, alert.value)
    ? { state: 'authentic', value: { frame, signedAlert, envelope, alert: alert.value } }
    : ignored('stamp-contradicts')
}

const ignored = (why: string): FrameCheck => ({ state: 'ignored', why })

const stampFault = async (
  { stamp }: Frame,
  envelope: Envelope,
  { directory, verify }: CheckFrameDeps,
): Promise<string | null> => {
  // The gateway had read that entry from the topic, so it is there: wait for it, but never for one
  // that is not, or a forged stamp could stop the view for good.
  if (stamp.directorySequence > directory.state.sequence) await directory.catchUp()
  if (stamp.directorySequence > directory.state.sequence) return 'stamp-ahead-of-directory'
  return signaturesFault(directory.state, envelope, stamp, verify)
}

/** A frame under a key of another realm or level than its label's could be read by those who may not. */
const isAsStamped = ({ stamp, sealKeyId }: Frame, alert: Alert): boolean =>
  stamp.origin === alert.origin &&
  stamp.id === alert.id &&
  stamp.realm === alert.realm &&
  sealKeyId.realm === alert.realm &&
  sealKeyId.classification === alert.label.classification
