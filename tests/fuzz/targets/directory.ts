import { sha256 } from '#adapters/crypto/sha256.ts'
import { parseSchema } from '#core/avro/schema.ts'
import { HEADER_BYTES } from '#core/avro/single-object.ts'
import { concatBytes, hex } from '#core/bytes.ts'
import { directoryEntryCodec } from '#core/codecs.ts'
import { decodeDirectoryEntry, encodeDirectoryEntry } from '#core/directory/codec.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DIRECTORY_PAYLOAD_TYPE, digestOf, envelopeFrom, signEnvelope } from '#core/envelope.ts'
import { directoryEntrySchema } from '#core/schemas.ts'
import {
  ADMINISTRATOR,
  FOUNDING_ENTRIES,
  foundedState,
  JUDGE,
  NEXT_ENTRIES,
  ROOT,
} from '#tests/fuzz/chain.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { broken, sameBytes, type Target } from '#tests/fuzz/target.ts'
import { altered } from '#tests/fuzz/values.ts'

const ENTRIES = [...FOUNDING_ENTRIES, ...NEXT_ENTRIES]

const payloadOf = (bytes: Uint8Array): Uint8Array => {
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  if (!envelope.ok) throw new Error(envelope.refusal.code)
  return envelope.value.payload
}

export const DIRECTORY_PAYLOADS: readonly Uint8Array[] = ENTRIES.map(payloadOf)

const NEXT_PAYLOADS = NEXT_ENTRIES.map(payloadOf)
const SCHEMA = parseSchema(directoryEntrySchema)

const signedDigest = (bytes: Uint8Array): string => {
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  return envelope.ok ? hex(digestOf(envelope.value, sha256)) : ''
}

/** What somebody has signed who may: nothing else may ever be applied. */
const SIGNED = new Set(ENTRIES.map(signedDigest))

const apply = (judgement: Awaited<ReturnType<typeof judgeEntry>>): void => {
  if (!judgement.ok) return
  const state = foundedState()
  state.apply(judgement.entry, judgement.digest)
  if (state.sequence !== judgement.entry.sequence) broken('applied, and the sequence stands still')
}

/** Mutants of entries: whatever is authorised says what was signed. */
const entry: Target = {
  name: 'directory-entry',
  weight: 25,
  make: (random) => mutant(random.chance(0.7) ? NEXT_ENTRIES : ENTRIES, random),
  take: async (bytes) => {
    const judgement = await judgeEntry(foundedState(), bytes, JUDGE)
    if (!judgement.ok) return judgement.fault === 'malformed' ? 'refused' : 'read'
    if (!SIGNED.has(signedDigest(bytes))) broken('authorised, and nobody signed it')
    apply(judgement)
    return 'accepted'
  },
}

/** Entries that an administrator or a root key did sign, with something else in them. */
const signedEntry: Target = {
  name: 'directory-signed',
  weight: 10,
  make: (random) => {
    const payload = random.pick(NEXT_PAYLOADS)
    const read = directoryEntryCodec.read(payload.subarray(HEADER_BYTES))
    if (!read.ok || random.chance(0.2)) return mutant(NEXT_PAYLOADS, random)
    const value = altered(SCHEMA, read.value, random) as typeof read.value
    return concatBytes(directoryEntryCodec.header, directoryEntryCodec.write(value))
  },
  take: async (payload) => {
    const decoded = decodeDirectoryEntry(payload)
    if (decoded === null) return 'refused'
    sameBytes(encodeDirectoryEntry(decoded), payload, 'an entry encodes to other bytes')
    let isAccepted = false
    for (const signer of [ROOT, ADMINISTRATOR]) {
      const bytes = await signEnvelope(DIRECTORY_PAYLOAD_TYPE, payload, [signer])
      const judgement = await judgeEntry(foundedState(), bytes, JUDGE)
      apply(judgement)
      isAccepted ||= judgement.ok
    }
    return isAccepted ? 'accepted' : 'read'
  },
}

export const DIRECTORY_TARGETS: readonly Target[] = [entry, signedEntry]
