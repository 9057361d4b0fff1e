import { equalBytes } from '#core/bytes.ts'
import { withDeadline } from '#core/deadline.ts'
import { mayCarry } from '#core/directory/carrier.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryEntry } from '#core/directory/entry.ts'
import { DIRECTORY_PAYLOAD_TYPE, digestOf, envelopeFrom } from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { accept, type Refusal, type Result, refuse } from '#core/refusal.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { decideCall, draftOf, type Reader } from '#services/gateway/release.ts'

export interface Entered {
  /** False when this very entry was in the chain already: the first answer again. */
  readonly isNew: boolean
  readonly sequence: number
  readonly digest: Uint8Array
  /** Of the topic. */
  readonly offset: number
}

export type EnterEntry = (reader: Reader, bytes: Uint8Array) => Promise<Result<Entered>>

/**
 * Takes signed entries into the directory, one after another: two at once would sign for one place
 * in the chain, and one of them would lie in the topic ignored, with an alarm everywhere.
 */
export const openEntrance = (deps: GatewayDeps): EnterEntry => {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (reader, bytes) => {
    if (waiting >= LIMITS.directoryEntriesWaitingMax) return refuse('overloaded')
    waiting += 1
    const turn = last.then(() => enter(deps, reader, bytes))
    // Whoever waits behind waits for the turn to end, however it ends; its caller gets the error.
    last = turn.catch(() => undefined)
    return turn.finally(() => {
      waiting -= 1
    })
  }
}

const enter = async (
  deps: GatewayDeps,
  reader: Reader,
  bytes: Uint8Array,
): Promise<Result<Entered>> => {
  if (!(await isCaughtUp(deps))) return refuse('directory-stale')
  const verdict = await verdictOn(deps, reader, bytes)
  if (verdict.kind === 'refused') return refuseWithRecord(deps, reader, verdict)
  const { entry, digest } = verdict
  // The record is written before the entry. A crash in between leaves a record of an entry that is
  // not there, which sending the same bytes again completes; the other order could change who may
  // read what without a line that says who handed the change in.
  const reasons = verdict.kind === 'known' ? ['already-there'] : []
  await deps.accessLog.append([{ ...entryDraft(deps, reader), outcome: 'ALLOWED', reasons }])
  if (verdict.kind === 'new') await append(deps, entry, bytes)
  const place = deps.directory.placeOf(entry.sequence)
  if (place !== null && equalBytes(place.digest, digest)) {
    const { offset } = place
    return accept({ isNew: verdict.kind === 'new', sequence: entry.sequence, digest, offset })
  }
  return refuseWithRecord(deps, reader, MOVED)
}

/** Appends and resolves once this process has judged it at its place; not when it is too late. */
const append = async (deps: GatewayDeps, entry: DirectoryEntry, bytes: Uint8Array) => {
  const { directory, log, clock } = deps
  // Another process may have entered something while the record was written: an entry that would
  // certainly be ignored is not put there.
  if (directory.state.sequence !== entry.sequence - 1) return
  const [offset] = await log.append(DIRECTORY_TOPIC, [bytes])
  if (offset === undefined) throw new OutcomeUnknown('no offset came back')
  const passed = (signal: AbortSignal) => directory.passed(offset + 1, signal)
  await withDeadline(passed, LIMITS.directoryPassedMsMax, {
    clock,
    why: 'the directory view did not pass the entry in time',
  })
}

/** Judged by an older directory an entry could be taken that a suspension has made worthless. */
const isCaughtUp = async ({ directory, clock }: GatewayDeps): Promise<boolean> => {
  if (!directory.isFresh()) return false
  try {
    const caughtUp = (signal: AbortSignal) => directory.catchUp(signal)
    await withDeadline(caughtUp, LIMITS.directoryAgeMsMax, { clock, why: 'catching up' })
    return true
  } catch {
    // Whatever the reason, nothing was written: the caller is told to come again.
    return false
  }
}

interface Refused {
  readonly kind: 'refused'
  readonly refusal: Refusal
  /** For the record. */
  readonly reasons: readonly string[]
  /** Whether somebody should look: an honest client does not send this. */
  readonly isAlarming: boolean
}

type Verdict =
  | Refused
  | { readonly kind: 'new' | 'known'; readonly entry: DirectoryEntry; readonly digest: Uint8Array }

const MOVED: Refused = {
  kind: 'refused',
  refusal: { code: 'directory-moved' },
  reasons: ['directory-moved'],
  isAlarming: false,
}

const refused = (refusal: Refusal, reason: string): Refused => ({
  kind: 'refused',
  refusal,
  reasons: [reason],
  isAlarming: true,
})

const invalid = (fault: string): Refused =>
  refused({ code: 'directory-entry-invalid', detail: fault }, fault)

/** To whom the directory is closed now, there is nothing here; others learn why. */
const deniedFor = (reasons: readonly string[]): Refused => {
  const isSuspended = reasons.includes('suspended')
  const refusal: Refusal = isSuspended ? { code: 'not-found' } : { code: 'not-permitted', reasons }
  return { kind: 'refused', refusal, reasons, isAlarming: !isSuspended }
}

const verdictOn = async (
  deps: GatewayDeps,
  { caller }: Reader,
  bytes: Uint8Array,
): Promise<Verdict> => {
  const { directory, clock, sha256 } = deps
  const { state } = directory
  const decision = decideCall(deps, caller, 'directory-enter')
  if (!decision.allowed) return deniedFor(decision.reasons)
  if (bytes.length > LIMITS.directoryEntryBytesMax) {
    return refused({ code: 'directory-entry-too-large' }, 'directory-entry-too-large')
  }
  const read = readEntry(bytes, sha256)
  if (read === null) return invalid('malformed')
  const { entry, digest } = read
  // After an answer that was lost the same bytes come again. They change nothing.
  const place = directory.placeOf(entry.sequence)
  if (place !== null && equalBytes(place.digest, digest)) return { kind: 'known', entry, digest }
  const nowMs = clock.nowMs()
  if (!mayCarry(state, caller.principal, entry.change, nowMs)) {
    return refused({ code: 'role-missing' }, 'role-missing')
  }
  const judged = await directory.judge(bytes)
  if (!judged.ok) {
    const isBehind = judged.fault === 'wrong-sequence' && entry.sequence <= state.sequence
    return isBehind ? MOVED : invalid(judged.fault)
  }
  // An entry that was signed long ago, or ahead, and kept back is not what its signers mean now.
  if (Math.abs(entry.enteredAtMs - nowMs) > LIMITS.enteredAtSkewMsMax) {
    return invalid('entered-at-absurd')
  }
  return { kind: 'new', entry, digest }
}

/** What the bytes claim; nothing of it is verified. */
const readEntry = (bytes: Uint8Array, sha256: Sha256) => {
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  const entry = envelope.ok ? decodeDirectoryEntry(envelope.value.payload) : null
  return envelope.ok && entry !== null ? { entry, digest: digestOf(envelope.value, sha256) } : null
}

const refuseWithRecord = async (
  deps: GatewayDeps,
  reader: Reader,
  { refusal, reasons, isAlarming }: Refused,
): Promise<Result<never>> => {
  if (isAlarming) deps.onAlarm({ what: 'directory-entry-refused', why: reasons.join() })
  await deps.accessLog.append([{ ...entryDraft(deps, reader), outcome: 'DENIED', reasons }])
  return { ok: false, refusal }
}

const entryDraft = (deps: GatewayDeps, reader: Reader) =>
  ({ ...draftOf(deps, reader), action: 'DIRECTORY', alert: null }) as const
