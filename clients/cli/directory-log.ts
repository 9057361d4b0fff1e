import {
  changeInWords,
  FAULTS,
  signerInWords,
  subjectOf,
  timeText,
} from '#clients/cli/directory-words.ts'
import type { SeenEntry } from '#clients/sdk/directory.ts'
import type { AgencyId } from '#core/agency.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryEntry } from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import { DIRECTORY_PAYLOAD_TYPE, envelopeFrom } from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'

/** An entry of the topic for people. Of one that is ignored all but the offset is a mere claim. */
export interface LoggedEntry {
  readonly offset: number
  readonly fault: DirectoryFault | null
  /** Null when the bytes are no entry. */
  readonly entry: DirectoryEntry | null
  readonly subject: AgencyId | null
  readonly signedBy: readonly string[]
}

export const loggedFrom = (
  state: DirectoryState,
  { offset, bytes, judgement }: SeenEntry,
): LoggedEntry => {
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  const entry = envelope.ok ? decodeDirectoryEntry(envelope.value.payload) : null
  const signatures = envelope.ok ? envelope.value.signatures : []
  const isGenesis = entry?.change.type === 'Genesis'
  return {
    offset,
    fault: judgement.ok ? null : judgement.fault,
    entry,
    subject: entry && subjectOf(state, entry.change),
    // The genesis entry is signed by the root keys that it names itself.
    signedBy: signatures.map(({ keyId }) =>
      judgement.ok && isGenesis ? `root key ${keyId}` : signerInWords(state, keyId),
    ),
  }
}

/** From which entry on, or from which claimed time. */
export interface Since {
  readonly sequence: number
  readonly timeMs: number
}

/** What was ignored shows always: nothing that it claims can be relied on, its time least. */
export const isShown = (
  { entry, fault, subject }: LoggedEntry,
  { agency, since }: { readonly agency: AgencyId | null; readonly since: Since },
): boolean => {
  // What cannot be read may have been meant for any agency.
  if (entry === null) return true
  if (agency !== null && subject !== agency) return false
  return fault !== null || (entry.sequence >= since.sequence && entry.enteredAtMs >= since.timeMs)
}

/** Who, with which key, when, what: for whoever answers for the agency to sign off. */
export const logText = (entries: readonly LoggedEntry[], sha256: Sha256): string =>
  [...entries.map((one) => entryText(one, sha256)), signersText(entries)].join('\n')

const entryText = ({ offset, fault, entry, signedBy }: LoggedEntry, sha256: Sha256): string => {
  const signers = signedBy.map((signer) => `\n    ${fault === null ? 'by' : 'claims'} ${signer}`)
  const what = entry === null ? 'unreadable' : changeInWords(entry.change, sha256)
  const when = entry === null ? '' : timeText(entry.enteredAtMs)
  const head =
    fault === null
      ? `entry ${entry?.sequence}  ${when}`
      : `IGNORED  offset ${offset}  ${fault}  ${when && `claims ${when}`}`.trimEnd()
  const why = fault === null ? '' : `\n    ${FAULTS[fault]}`
  return `${head}\n    ${what}${signers.join('')}${why}\n`
}

const signersText = (entries: readonly LoggedEntry[]): string => {
  const counts = new Map<string, number>()
  for (const { fault, signedBy } of entries) {
    if (fault !== null) continue
    for (const signer of signedBy) counts.set(signer, (counts.get(signer) ?? 0) + 1)
  }
  const rows = [...counts].map(([signer, count]) => `  ${String(count).padStart(6)}  ${signer}`)
  return ['signed by', ...(rows.length === 0 ? ['  nobody'] : rows), ''].join('\n')
}
