import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved, HubRefusal } from '#clients/sdk/errors.ts'
import type { Session } from '#clients/sdk/session.ts'
import { countShape, digestShape, objectOf } from '#clients/sdk/shape.ts'
import { equalBytes } from '#core/bytes.ts'
import { type AuthoredEntry, authorEntry } from '#core/directory/author.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import { SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { Signer } from '#core/ports/signer.ts'

/** The directory would ignore the change: found before anything was sent. */
export class ChangeUnusable extends Error {
  override readonly name = 'ChangeUnusable'
  readonly fault: DirectoryFault

  constructor(fault: DirectoryFault) {
    super(`the directory would ignore this entry: ${fault}`)
    this.fault = fault
  }
}

/**
 * What is to be entered, said of the directory as it is then: a principal is set whole, so a change
 * that was made of an older state would take back what a colleague entered meanwhile.
 */
export type MakeChange = (state: DirectoryState) => DirectoryChange

/**
 * Signs the entry that makes `change` behind the head as the hub gives it now, and sends nothing.
 * Rejects as `DirectoryMirror.catchUp` does, and with `ChangeUnusable`.
 */
export const authorChange = async (
  session: Session,
  change: MakeChange,
  signers: readonly Signer[],
  options: CallOptions = {},
): Promise<AuthoredEntry> => {
  const authored = await beginEntry(session, change, signers, options)
  const judged = await session.directory.judge(authored.bytes)
  if (!judged.ok) throw new ChangeUnusable(judged.fault)
  return authored
}

/**
 * Enters `change` into the directory, signed by `signers`, and resolves once this client has itself
 * verified it in the chain. Where another entry takes its place it is made and signed anew, at most
 * `LIMITS.clientDirectoryAttemptsMax` times in all. Rejects as `authorChange` and `Connection` do,
 * and with `HubMisbehaved` (`answer-differs`). After an error whose outcome is unknown, look into
 * the directory before calling again.
 */
export const enterChange = async (
  session: Session,
  change: MakeChange,
  signers: readonly Signer[],
  options: CallOptions = {},
): Promise<AuthoredEntry> => {
  for (let attempt = 1; ; attempt += 1) {
    const authored = await authorChange(session, change, signers, options)
    try {
      await post(session, authored, options)
      return await verified(session, authored, options)
    } catch (error) {
      if (!isMoved(error)) throw error
      if (await isInChain(session, authored, options)) return authored
      if (attempt >= LIMITS.clientDirectoryAttemptsMax) throw error
    }
  }
}

/**
 * Signs the change behind the head as `authorChange` does, without judging it: for others to sign
 * too (`countersign`), before `sendEntry`. Rejects as `DirectoryMirror.catchUp` does.
 */
export const beginEntry = async (
  { directory, clock, sha256 }: Session,
  change: MakeChange,
  signers: readonly Signer[],
  options: CallOptions = {},
): Promise<AuthoredEntry> => {
  await directory.catchUp(undefined, options.signal)
  const by = { signers, enteredAtMs: clock.nowMs(), sha256 }
  return authorEntry(directory.state, change(directory.state), by)
}

/** Enters what is signed already; rejects as `enterChange`, but makes and signs nothing anew. */
export const sendEntry = async (
  session: Session,
  bytes: Uint8Array,
  options: CallOptions = {},
): Promise<AuthoredEntry> => {
  await session.directory.catchUp(undefined, options.signal)
  const judged = await session.directory.judge(bytes)
  if (!judged.ok) throw new ChangeUnusable(judged.fault)
  const authored = { sequence: judged.entry.sequence, digest: judged.digest, bytes }
  await post(session, authored, options)
  return verified(session, authored, options)
}

const isMoved = (error: unknown): boolean =>
  error instanceof HubRefusal && error.code === 'directory-moved'

const post = async (
  { connection }: Session,
  { sequence, digest, bytes }: AuthoredEntry,
  options: CallOptions,
): Promise<void> => {
  const answer = await connection.postRepeatably(
    { ...options, server: 'gateway', path: '/v1/directory/entries', accept: 'application/json' },
    { type: SIGNED_DIRECTORY_ENTRY_TYPE, bytes },
  )
  const given = jsonFrom(answer, enteredShape)
  if (given.sequence !== sequence || !equalBytes(given.digest, digest)) {
    throw new HubMisbehaved('answer-differs', `entry ${given.sequence}`)
  }
}

const verified = async (
  session: Session,
  authored: AuthoredEntry,
  options: CallOptions,
): Promise<AuthoredEntry> => {
  if (await isInChain(session, authored, options)) return authored
  throw new HubMisbehaved('answer-differs', `entry ${authored.sequence} is not in the directory`)
}

const isInChain = async (
  { directory }: Session,
  { sequence, digest }: AuthoredEntry,
  { signal }: CallOptions,
): Promise<boolean> => {
  await directory.catchUp(sequence, signal)
  const own = directory.digestAt(sequence)
  return own !== null && equalBytes(own, digest)
}

const enteredShape = objectOf({ sequence: countShape, digest: digestShape, offset: countShape })
