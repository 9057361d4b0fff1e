import { describe, expect, it } from 'vitest'
import { utf8 } from '#core/bytes.ts'
import { formatCheckpoint } from '#core/tlog/checkpoint.ts'
import { formatNote, parseNote, signNote } from '#core/tlog/note.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import {
  type KeyType,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
} from '#core/tlog/verifier-key.ts'
import {
  bytesOf,
  ed25519PublicKey,
  ed25519Signer,
  readVectors,
  sha256,
  verifiers,
} from '#tests/tlog-vectors.ts'

const vectors =
  readVectors<readonly { Name: string; Vkey: string; Timestamp: number; Cosigned: string }[]>(
    'cosignatures.json',
  )
const { log: logText } = readVectors<{ readonly log: string }>('tlog_proof.json')

const keyOf = (text: string): VerifierKey => {
  const key = parseVerifierKey(sha256, text)
  if (key === null) throw new Error(`Not a verifier key: ${text}`)
  return key
}

const trust = {
  log: keyOf(logText),
  cosigners: [...new Set(vectors.map(({ Vkey }) => Vkey))].map(keyOf),
  verifiers,
}

// The checkpoints with extension lines are signed by another key in the log's name.
const isOfLog = ({ Cosigned }: { Cosigned: string }): boolean =>
  parseNote(utf8(Cosigned))?.signatures.some(({ keyId }) => keyId === trust.log.id) ?? false
const ofLog = vectors.filter(isOfLog)
const ofOtherKey = vectors.filter((one) => !isOfLog(one))

const SEED = bytesOf('07'.repeat(32))
const OTHER_SEED = bytesOf('08'.repeat(32))
const ORIGIN = 'log.example/test'

const TEXT =
  formatCheckpoint({ origin: ORIGIN, size: 5, root: new Uint8Array(32), extensions: [] }) ?? ''

const ownKey = (type: KeyType, name = ORIGIN): VerifierKey => {
  const key = verifierKey(sha256, name, type, ed25519PublicKey(SEED))
  if (key === null) throw new Error('No such key')
  return key
}

const signed = async (origin: string, seed = SEED, key = ownKey('ed25519')) => {
  const root = new Uint8Array(32)
  const text = formatCheckpoint({ origin, size: 5, root, extensions: [] }) ?? ''
  const signer = { name: key.name, keyId: key.id, sign: ed25519Signer(seed) }
  return formatNote(await signNote(text, [signer]))
}

describe('a cosigned checkpoint of an independent library', () => {
  it.each(ofLog)('opens with the cosignature of $Name at $Timestamp', async (one) => {
    const opened = await openCheckpoint(utf8(one.Cosigned), trust)
    const { name, id } = keyOf(one.Vkey)
    expect(opened).toMatchObject({
      ok: true,
      checkpoint: { origin: 'hub.example/audit', size: 1000, extensions: [] },
      cosignatures: [{ cosigner: name, keyId: id, timestampSeconds: one.Timestamp }],
    })
  })

  it.each(ofLog)('opens without that of $Name when it is not trusted', async ({ Cosigned }) => {
    const opened = await openCheckpoint(utf8(Cosigned), { ...trust, cosigners: [] })
    expect(opened).toMatchObject({ ok: true, cosignatures: [] })
  })

  it('shows no cosignature that cannot be verified here', async () => {
    const without = { ...trust, verifiers: { ed25519: verifiers.ed25519 } }
    const found = await Promise.all(
      ofLog.map(({ Cosigned }) => openCheckpoint(utf8(Cosigned), without)),
    )
    expect(found.map((one) => one.ok && one.cosignatures.length)).toEqual([1, 1, 1, 0])
  })

  it('counts a cosigner once who is listed twice', async () => {
    const cosigners = [...trust.cosigners, ...trust.cosigners]
    for (const { Cosigned } of ofLog) {
      const opened = await openCheckpoint(utf8(Cosigned), { ...trust, cosigners })
      expect(opened).toMatchObject({ ok: true, cosignatures: [{}] })
    }
  })

  it('is refused when another key signed it in the name of the log', async () => {
    expect(ofOtherKey).toHaveLength(3)
    for (const { Cosigned } of ofOtherKey) {
      expect(await openCheckpoint(utf8(Cosigned), trust)).toEqual({
        ok: false,
        why: 'not-signed-by-log',
      })
    }
  })

  it('is refused when a trusted cosignature in it is wrong', async () => {
    for (const { Name, Cosigned } of vectors) {
      const lines = Cosigned.split('\n')
      const at = lines.findIndex((line) => line.startsWith(`— ${Name} `))
      const line = lines[at] ?? ''
      // A character amid the signature, so that the base64 stays canonical.
      const middle = line.length - 40
      const changed = line[middle] === 'A' ? 'B' : 'A'
      lines[at] = line.slice(0, middle) + changed + line.slice(middle + 1)
      expect(await openCheckpoint(utf8(lines.join('\n')), trust)).toEqual({
        ok: false,
        why: 'invalid-signature',
      })
    }
  })
})

describe('a checkpoint', () => {
  const own = { log: ownKey('ed25519'), cosigners: [], verifiers }

  it('opens under the key of its log', async () => {
    expect(await openCheckpoint(await signed(ORIGIN), own)).toMatchObject({
      ok: true,
      checkpoint: { origin: ORIGIN, size: 5 },
      cosignatures: [],
    })
  })

  it('is malformed when it is no note, or the note no checkpoint', async () => {
    const bare = await signNote('hello\n', [])
    for (const bytes of [utf8('hello\n'), formatNote(bare), Uint8Array.of(0xff)]) {
      expect(await openCheckpoint(bytes, own)).toEqual({ ok: false, why: 'malformed' })
    }
    const signer = { name: ORIGIN, keyId: own.log.id, sign: ed25519Signer(SEED) }
    const note = formatNote(await signNote('hello\n', [signer]))
    expect(await openCheckpoint(note, own)).toEqual({ ok: false, why: 'malformed' })
  })

  it('of another origin is refused, although the key signed it', async () => {
    expect(await openCheckpoint(await signed('log.example/other'), own)).toEqual({
      ok: false,
      why: 'other-origin',
    })
  })

  it('is refused when another key signed in the name and under the id of the log', async () => {
    expect(await openCheckpoint(await signed(ORIGIN, OTHER_SEED), own)).toEqual({
      ok: false,
      why: 'invalid-signature',
    })
  })

  it('is refused when only a cosigner signed it', async () => {
    const [one] = vectors
    const lines = (one?.Cosigned ?? '').split('\n')
    const withoutLog = lines.filter((line) => !line.startsWith('— hub.example/audit '))
    expect(withoutLog).toHaveLength(lines.length - 1)
    expect(await openCheckpoint(utf8(withoutLog.join('\n')), trust)).toEqual({
      ok: false,
      why: 'not-signed-by-log',
    })
    expect(await openCheckpoint(utf8(withoutLog.join('\n')), { ...trust, cosigners: [] })).toEqual({
      ok: false,
      why: 'not-signed-by-log',
    })
  })

  it('is not signed by its log when a cosigner of the same name or id signed it', async () => {
    // Accepts all, so that nothing but who signed is left to tell.
    const acceptAll = { ed25519: async () => true }
    const log = ownKey('ed25519')
    const cosigner = ownKey('ed25519-cosignature')
    const bytes = new Uint8Array(72)
    const noteBy = ({ name, id }: VerifierKey) =>
      formatNote({ text: TEXT, signatures: [{ name, keyId: id, bytes }] })
    const refused = { ok: false, why: 'not-signed-by-log' }
    const asLog = { log: cosigner, cosigners: [], verifiers: acceptAll }
    expect(await openCheckpoint(noteBy(cosigner), asLog)).toEqual(refused)
    const collision = { ...ownKey('ed25519-cosignature', 'w.example'), id: log.id }
    const beside = { log, cosigners: [collision], verifiers: acceptAll }
    expect(await openCheckpoint(noteBy(collision), beside)).toEqual(refused)
  })

  it('has no cosignature of a key that does not make them', async () => {
    const log = ownKey('ed25519')
    // As a cosignature these bytes would begin with the time 0.
    const signatures = [{ name: log.name, keyId: log.id, bytes: new Uint8Array(64) }]
    const trusted = { log, cosigners: [log], verifiers: { ed25519: async () => true } }
    const opened = await openCheckpoint(formatNote({ text: TEXT, signatures }), trusted)
    expect(opened).toMatchObject({ ok: true, cosignatures: [] })
  })

  it('is not vouched for by a key of the wrong type', async () => {
    const plain = await signed(ORIGIN)
    const cosigner = { ...own, log: ownKey('ed25519-cosignature') }
    expect(await openCheckpoint(plain, cosigner)).toEqual({ ok: false, why: 'not-signed-by-log' })
    const asCosigner = { ...own, cosigners: [own.log] }
    expect(await openCheckpoint(plain, asCosigner)).toMatchObject({ ok: true, cosignatures: [] })
  })
})
