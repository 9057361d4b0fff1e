import { base64, concatBytes, fromUtf8, utf8 } from '#core/bytes.ts'
import { formatCheckpoint, parseCheckpoint } from '#core/tlog/checkpoint.ts'
import { formatCosignature, parseCosignature } from '#core/tlog/cosignature.ts'
import { decodeBundle, encodeBundle, sliceBundle } from '#core/tlog/entry-bundle.ts'
import { leafHash, nodeHash } from '#core/tlog/hash.ts'
import { formatNote, parseNote, parseSignatureLine, signNote } from '#core/tlog/note.ts'
import { formatProofFile, openProofFile, parseProofFile } from '#core/tlog/proof-file.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { bundlePath, parseBundlePath, parseTilePath, sliceTile, tilePath } from '#core/tlog/tile.ts'
import { formatVerifierKey, parseVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import { broken, sameBytes, type Target, type Verdict } from '#tests/fuzz/target.ts'
import { ed25519PublicKey, ed25519Signer, sha256, verifiers } from '#tests/tlog-vectors.ts'

const ORIGIN = 'hub.rabta.example/access'
const SEED = new Uint8Array(32).fill(21)
const WITNESS_SEED = new Uint8Array(32).fill(22)

const keyOf = (name: string, type: 'ed25519' | 'ed25519-cosignature', seed: Uint8Array) => {
  const key = verifierKey(sha256, name, type, ed25519PublicKey(seed))
  if (key === null) throw new Error('no such key')
  return key
}
const LOG = keyOf(ORIGIN, 'ed25519', SEED)
const WITNESS = keyOf('witness.example', 'ed25519-cosignature', WITNESS_SEED)
const TRUST = { log: LOG, cosigners: [WITNESS], verifiers }

// Two leaves: the smallest tree of which something must be proven.
const LEAVES = [leafHash(sha256, utf8('entry-0')), leafHash(sha256, utf8('entry-1'))] as const
const ROOT = nodeHash(sha256, ...LEAVES)
const TEXTS = [2, 70_000].map(
  (size) => formatCheckpoint({ origin: ORIGIN, size, root: ROOT, extensions: [] }) ?? '',
)
const NOTES = await Promise.all(
  TEXTS.map(async (text) => formatNote(await signNote(text, [{ ...signerOf(), name: ORIGIN }]))),
)

function signerOf() {
  return { name: ORIGIN, keyId: LOG.id, sign: ed25519Signer(SEED) }
}

const checkpointText: Target = text('tlog-checkpoint', TEXTS, (given) => {
  const checkpoint = parseCheckpoint(given)
  return checkpoint && (formatCheckpoint(checkpoint) ?? '')
})

const noteText: Target = text(
  'tlog-note',
  NOTES.map((note) => fromUtf8(note) ?? ''),
  (given) => {
    const note = parseNote(utf8(given))
    return note && (fromUtf8(formatNote(note)) ?? '')
  },
)

/** Another name or key has another id, which no mutation hits upon: so some are made whole. */
const keyText: Target = {
  ...text('tlog-verifier-key', [LOG, WITNESS].map(formatVerifierKey), (given) => {
    const key = parseVerifierKey(sha256, given)
    return key && formatVerifierKey(key)
  }),
  make: (random) => {
    const name = random.chance(0.5) ? ORIGIN : (fromUtf8(mutant([utf8(ORIGIN)], random)) ?? '')
    const type = random.chance(0.5) ? 'ed25519' : 'ed25519-cosignature'
    const made = verifierKey(sha256, name, type, random.bytes(32)) ?? LOG
    const whole = utf8(formatVerifierKey(made))
    return random.chance(0.3) ? whole : mutant([whole], random)
  },
}

const PATHS = [
  'tile/0/000.p/1',
  'tile/1/x001/234',
  'tile/63/x001/x234/067.p/255',
  'tile/entries/x001/234',
  'tile/entries/000.p/3',
]
const path: Target = text('tlog-path', PATHS, (given) => {
  const tile = parseTilePath(given)
  const bundle = parseBundlePath(given)
  if (tile !== null) return tilePath(tile)
  return bundle && bundlePath(bundle)
})

const LINES = NOTES.map((note) => (fromUtf8(note) ?? '').split('\n').at(-2) ?? '')
const line: Target = text('tlog-signature-line', LINES, (given) => {
  const parsed = parseSignatureLine(given)
  if (parsed === null) return null
  const { name, keyId, bytes } = parsed
  return `— ${name} ${base64(concatBytes(Buffer.from(keyId, 'hex'), bytes))}`
})

/** A format of text: what is parsed is written again as the same text. */
function text(
  name: string,
  seeds: readonly string[],
  again: (given: string) => string | null,
): Target {
  const bytes = seeds.map(utf8)
  return {
    name,
    weight: 20,
    make: (random) => mutant(bytes, random),
    take: (input) => {
      const given = fromUtf8(input)
      const written = given === null ? null : again(given)
      if (written === null) return 'refused'
      return written === given ? 'accepted' : broken('is written again as another text')
    },
  }
}

const checkpoint: Target = {
  name: 'tlog-signed-checkpoint',
  weight: 10,
  make: (random) => mutant(NOTES, random),
  take: async (bytes) => {
    const opened = await openCheckpoint(bytes, TRUST)
    if (!opened.ok) return opened.why === 'malformed' ? 'refused' : 'read'
    const isSigned = TEXTS.includes(formatCheckpoint(opened.checkpoint) ?? '')
    return isSigned ? 'accepted' : broken('opens, and the log did not sign it')
  },
}

const FILES = [null, utf8('anything')].map((extra) =>
  formatProofFile({
    index: 1,
    proof: [LEAVES[0]],
    checkpoint: NOTES[0] ?? new Uint8Array(0),
    extra,
  }),
)

const proofFile: Target = {
  name: 'tlog-proof-file',
  weight: 10,
  make: (random) => mutant(FILES, random),
  take: async (bytes): Promise<Verdict> => {
    const file = parseProofFile(bytes)
    if (file === null) return 'refused'
    sameBytes(formatProofFile(file), bytes, 'is written again as another file')
    const opened = await openProofFile(sha256, file, LEAVES[1], TRUST)
    if (!opened.ok) return 'read'
    const isRight = file.index === 1 && opened.checkpoint.size === 2
    return isRight ? 'accepted' : broken('proves a place where the entry is not')
  },
}

const ENTRIES = [utf8('entry-0'), new Uint8Array(300).fill(1), Uint8Array.of(1)]
const BUNDLE = encodeBundle(ENTRIES) ?? new Uint8Array(0)

/** The first byte is the width that the reader expects. */
const bundle: Target = {
  name: 'tlog-bundle',
  weight: 20,
  make: (random) =>
    concatBytes(
      Uint8Array.of(random.chance(0.7) ? ENTRIES.length : random.below(256)),
      mutant([BUNDLE], random),
    ),
  take: (bytes) => {
    const [width = 0] = bytes
    const rest = bytes.subarray(1)
    const entries = decodeBundle(rest, width)
    const slice = sliceBundle(rest, width)
    if (slice !== null && decodeBundle(slice, width) === null) broken('a slice is no bundle')
    sliceTile(rest, width)
    if (entries === null) return slice === null ? 'refused' : 'read'
    sameBytes(encodeBundle(entries) ?? new Uint8Array(0), rest, 'is written again as another')
    return 'accepted'
  },
}

const COSIGNATURE = formatCosignature({
  timestampSeconds: 1_790_000_000,
  signature: new Uint8Array(64).fill(3),
})

const cosignature: Target = {
  name: 'tlog-cosignature',
  weight: 10,
  make: (random) => mutant([COSIGNATURE], random),
  take: (bytes) => {
    const parsed = parseCosignature(bytes)
    if (parsed === null) return 'refused'
    sameBytes(formatCosignature(parsed), bytes, 'is written again as another')
    return 'accepted'
  },
}

export const TLOG_TARGETS: readonly Target[] = [
  checkpointText,
  noteText,
  keyText,
  path,
  line,
  checkpoint,
  proofFile,
  bundle,
  cosignature,
]
