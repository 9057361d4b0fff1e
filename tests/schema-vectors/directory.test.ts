import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import type { AgencyId } from '#core/agency.ts'
import { hex } from '#core/bytes.ts'
import { directoryEntryCodec } from '#core/codecs.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import type { KeyId } from '#core/key.ts'
import type { Realm } from '#core/realm.ts'
import type { RefusalCode } from '#core/refusal.ts'
import { isCompromised, keyFault } from '#core/signing.ts'
import { directoryJson } from '#tests/schema-vectors/directory-json.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'
import { readable } from '#tests/schema-vectors/readable.ts'

interface DirectoryVectors {
  readonly fingerprint: string
  readonly genesisDigest: string
  readonly topic: readonly {
    readonly why: string
    readonly entry: string
    readonly fault: DirectoryFault | null
    readonly sequence?: number
    readonly digest?: string
    readonly enteredAtMs?: number
    readonly change?: object
  }[]
  readonly state: object
  readonly keyStandings: readonly {
    readonly why: string
    readonly keyId: KeyId
    readonly origin: AgencyId
    readonly realm: Realm
    readonly directorySequence: number
    readonly acceptedAtMs: number
    readonly fault: RefusalCode | null
    readonly compromised: boolean
  }[]
}

const vectors = readVectors<DirectoryVectors>('directory.json')
const state = new DirectoryState(sha256)
const deps = { sha256, verify: verifySignature, genesisDigest: unhex(vectors.genesisDigest) }

describe('the topic', () => {
  // In order: each entry is judged by what the ones before it left.
  test.each(vectors.topic)('$fault: $why', async ({ entry, fault, ...applied }) => {
    const before = hex(state.digest)
    const judgement = await judgeEntry(state, unhex(entry), deps)
    if (judgement.ok) state.apply(judgement.entry, judgement.digest)
    expect(judgement.ok ? null : judgement.fault).toBe(fault)
    if (!judgement.ok) return
    const { sequence, enteredAtMs, change, previousDigest } = judgement.entry
    expect(readable({ sequence, enteredAtMs, change })).toEqual({
      sequence: applied.sequence,
      enteredAtMs: applied.enteredAtMs,
      change: applied.change,
    })
    expect(hex(previousDigest)).toBe(before)
    expect(hex(state.digest)).toBe(applied.digest)
  })

  test('leaves what the vectors say', () => {
    expect(directoryJson(state)).toEqual(vectors.state)
  })

  test('holds every kind of change, and every fault', () => {
    const kinds = vectors.topic.flatMap(({ change }) => Reflect.get(change ?? {}, 'type') ?? [])
    expect(new Set(kinds).size).toBe(11)
    const faults = new Set(vectors.topic.map(({ fault }) => fault))
    // One for each DirectoryFault, and none.
    expect(faults.size).toBe(15 + 1)
    expect(directoryEntryCodec.fingerprint).toBe(vectors.fingerprint)
  })
})

describe('a key’s standing', () => {
  test.each(vectors.keyStandings)('$why: $fault', ({ keyId, fault, compromised, ...moment }) => {
    expect(keyFault(state, keyId, moment)).toBe(fault)
    const signatures = [{ keyId, signature: new Uint8Array(64) }]
    const envelope = { payloadType: '', payload: new Uint8Array(0), signatures }
    expect(isCompromised(state, envelope, moment.acceptedAtMs)).toBe(compromised)
  })
})
