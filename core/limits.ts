/** Every bound of the hub in one place; the unit is the last word of the name. */
export const LIMITS = {
  // Messages on the wire
  signedAlertBytesMax: 262_144,
  frameBytesMax: 266_240,
  directoryEntryBytesMax: 65_536,
  accessRecordBytesMax: 65_535,
  // The parts of an alert
  listItemsMax: 1_000,
  headlineCharactersMax: 300,
  narrativeCharactersMax: 20_000,
  districtCharactersMax: 100,
  provisionCharactersMax: 300,
  radiusMetresMax: 1_000_000,
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
  followAheadBytesMax: 1_048_576,
  followPollMsMax: 100,
  logOpenMsMax: 10_000,
  logReadMsMax: 5_000,
  logAppendMsMax: 10_000,
  logRetryMsMax: 1_000,
  logSettleMsMax: 60_000,
  // Deadlines
  recordAppendMsMax: 2_000,
  directoryAgeMsMax: 2_000,
  directoryConfirmMs: 500,
  stampAgeMsMax: 60_000,
  intakePassedMsMax: 10_000,
  sentAtSkewMsMax: 600_000,
  // Transparency log
  noteBytesMax: 1_000_000,
  noteSignaturesMax: 100,
  proofFileBytesMax: 1_048_576,
  // Policy
  policyFilesMax: 16,
  policyFileBytesMax: 262_144,
  decisionsCachedMax: 32_768,
  decisionKeyCharsMax: 2_048,
  // Keys, seals and files
  verifierKeysMax: 1_000,
  privateFileBytesMax: 1_048_576,
  fileWritesAtOnceMax: 16,
  sealMonthsAheadMax: 600,
  sealKeysWarnMs: 604_800_000,
  // Tokens
  tokenCharactersMax: 4_096,
  tokenLifeMsMax: 300_000,
  assertionLifeMsMax: 60_000,
  issuedAheadMsMax: 5_000,
  // Guard
  guardEntriesMax: 100_000,
  // HTTP
  connectionMsMax: 60_000,
  requestMsMax: 30_000,
  keepAliveMsMax: 65_000,
  pathPartCharactersMax: 128,
  pageItemsMax: 500,
  cursorCharactersMax: 1_024,
  filterCharactersMax: 512,
  tokenRequestBytesMax: 8_192,
  assertionCharactersMax: 4_096,
  pageBytesMax: 8_388_608,
  // Tokens and callers
  tokenLifeMs: 300_000,
  // An envelope
  signaturesMax: 4,
} as const
