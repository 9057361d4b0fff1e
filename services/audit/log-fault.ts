/** Why the log is not signed any further. An operator has to look: each names what differs. */

/** The access topic is not the one whose tree was signed. */
export class LogForked extends Error {
  override readonly name = 'LogForked'
}

/** Records that a checkpoint covers are not in the access topic any more. */
export class LogShorterThanCheckpoint extends Error {
  override readonly name = 'LogShorterThanCheckpoint'
}

/** Stored tiles are not those of the topic, although the topic makes the signed root. */
export class TilesDamaged extends Error {
  override readonly name = 'TilesDamaged'
}

/** There are checkpoints, but none that the log's key signed: going on could fork the log. */
export class CheckpointUnverifiable extends Error {
  override readonly name = 'CheckpointUnverifiable'
}
