/**
 * Another implementation of Avro that shares no code with core/avro. A message goes on only when
 * both read it and both write the very same bytes again.
 */
export interface SecondOpinion {
  /** Whether `bytes`, which the strict reader has read, decode and re-encode to themselves. */
  agreesOnSignedAlert(bytes: Uint8Array): boolean
  agreesOnAlert(payload: Uint8Array): boolean
}
