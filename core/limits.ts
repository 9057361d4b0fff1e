/** Every bound of the hub in one place; the unit is the last word of the name. */
export const LIMITS = {
  // Messages on the wire
  signedAlertBytesMax: 262_144,
  frameBytesMax: 266_240,
  directoryEntryBytesMax: 65_536,
  accessRecordBytesMax: 65_535,
  // Avro
  avroBytesMax: 1_048_576,
  avroItemsMax: 10_000,
  avroDepthMax: 16,
  // Message log
  entryBytesMax: 1_048_576,
  appendEntriesMax: 1_000,
  appendsWaitingMax: 10_000,
  appendsWaitingBytesMax: 67_108_864,
  appendBatchBytesMax: 4_194_304,
  appendBatchEntriesMax: 10_000,
  readBytesMax: 8_388_608,
  followBatchEntriesMax: 1_000,
  // Deadlines
  recordAppendMsMax: 2_000,
  directoryAgeMsMax: 2_000,
  stampAgeMsMax: 60_000,
  sentAtSkewMsMax: 600_000,
  // An envelope
  signaturesMax: 4,
} as const
