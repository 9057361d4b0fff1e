import type { CheckpointFault } from '#core/tlog/signed-checkpoint.ts'

/** Two checkpoints that the log signed, as notes: whoever holds the log's key can verify them. */
export interface ForkEvidence {
  readonly smaller: string
  readonly larger: string
  /**
   * What shows that the larger tree does not begin with the smaller: the root of its first leaves,
   * with a consistency proof (RFC 9162 §2.1.4.2) from there to the larger root. Null when both are
   * of one size, which needs no more, and when the log shrank.
   */
  readonly proof: { readonly root: Uint8Array; readonly hashes: readonly Uint8Array[] } | null
}

/**
 * The log signed two histories (`forked`), or no longer has what it signed (`shrunk`). Keep the
 * evidence and tell the other members. Nothing new was remembered.
 */
export class LogForked extends Error {
  override readonly name = 'LogForked'
  readonly kind: 'forked' | 'shrunk'
  readonly evidence: ForkEvidence

  constructor(kind: 'forked' | 'shrunk', evidence: ForkEvidence) {
    super(`the log ${kind}: keep both checkpoints as evidence`)
    this.kind = kind
    this.evidence = evidence
  }
}

/**
 * The remembered checkpoint is not of the log that the directory names now: root keys named another
 * log, or the memory is damaged. A person decides whether to start again with an empty memory.
 */
export class LogChanged extends Error {
  override readonly name = 'LogChanged'
  readonly why: CheckpointFault
  readonly remembered: string

  constructor(why: CheckpointFault, remembered: string) {
    super(`the remembered checkpoint is not of the log that the directory names: ${why}`)
    this.why = why
    this.remembered = remembered
  }
}
