import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { openSeal } from '#adapters/files/seal.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { base64url, hex } from '#core/bytes.ts'
import { type CheckFrameDeps, checkFrame } from '#core/check-frame.ts'
import { frameCodec, stampCodec } from '#core/codecs.ts'
import { DirectoryView } from '#core/directory/view.ts'
import { frameFrom, type Stamp, sealFrame } from '#core/frame.ts'
import { FrameReader } from '#core/frame-reader.ts'
import type { Seal } from '#core/ports/seal.ts'
import { REALMS } from '#core/realm.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { readVectors, unhex } from '#tests/schema-vectors/read.ts'

interface StampJson extends Omit<Stamp, 'digest' | 'publishRecord'> {
  readonly digest: string
  readonly publishRecord: { readonly index: number; readonly leafHash: string }
}

interface FrameVectors {
  readonly frameFingerprint: string
  readonly stampFingerprint: string
  readonly sealKeys: readonly { readonly id: string; readonly key: string }[]
  readonly destroyed: readonly string[]
  readonly authentic: readonly {
    readonly why: string
    readonly frame: string
    readonly stamp: StampJson
    readonly stampBytes: string
    readonly sealKeyId: string
    readonly nonce: string
    readonly additionalData: string
    readonly ciphertext: string
    readonly signedAlert: string
  }[]
  readonly others: readonly {
    readonly why: string
    readonly state: 'ignored' | 'erased' | 'blocked'
    readonly reason: string
    readonly frame: string
  }[]
}

interface DirectoryVectors {
  readonly genesisDigest: string
  readonly topic: readonly { readonly entry: string }[]
}

const vectors = readVectors<FrameVectors>('frames.json')
const directoryVectors = readVectors<DirectoryVectors>('directory.json')

let folder: string
let deps: CheckFrameDeps & { readonly directory: DirectoryView }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-vectors-'))
  deps = {
    frames: new FrameReader(await sealOfVectors(), sha256),
    directory: await directoryOfVectors(),
    verify: verifySignature,
  }
})
afterAll(async () => {
  await deps.directory.stop()
  await rm(folder, { recursive: true })
})

const sealOfVectors = async () => {
  const isOf = (realm: string) => (id: string) => id.startsWith(`${realm}.`)
  for (const realm of REALMS) {
    const keys = vectors.sealKeys
      .filter(({ id }) => isOf(realm)(id))
      .map(({ id, key }) => ({ id, key: base64url(unhex(key)) }))
    const file = { keys, destroyed: vectors.destroyed.filter(isOf(realm)) }
    await writeFile(join(folder, `${realm}.json`), JSON.stringify(file), { mode: 0o600 })
  }
  return openSeal(folder)
}

/** `entries`: how many of the topic's, from the first. */
const directoryOfVectors = async (entries = Number.POSITIVE_INFINITY): Promise<DirectoryView> => {
  const log = openMemoryLog()
  await log.ensureTopics([DIRECTORY_TOPIC])
  await log.append(
    DIRECTORY_TOPIC,
    directoryVectors.topic.slice(0, entries).map(({ entry }) => unhex(entry)),
  )
  const view = new DirectoryView({
    log,
    clock: systemClock,
    onIgnored: () => undefined,
    verify: verifySignature,
    sha256,
    genesisDigest: unhex(directoryVectors.genesisDigest),
  })
  await view.start()
  return view
}

const stampFrom = ({ digest, publishRecord, ...rest }: StampJson): Stamp => ({
  ...rest,
  digest: unhex(digest),
  publishRecord: { ...publishRecord, leafHash: unhex(publishRecord.leafHash) },
})

describe('an authentic frame', () => {
  test.each(vectors.authentic)('$why', async (row) => {
    const frame = frameFrom(unhex(row.frame))
    if (frame === null) throw new Error('no frame')
    expect(frame.stamp).toEqual(stampFrom(row.stamp))
    expect(hex(frame.stampBytes)).toBe(row.stampBytes)
    expect(frame.sealKeyId.text).toBe(row.sealKeyId)
    expect(hex(frame.nonce)).toBe(row.nonce)
    expect(hex(frame.ciphertext)).toBe(row.ciphertext)
    expect(hex(frame.additionalData)).toBe(row.additionalData)
    const check = await checkFrame(unhex(row.frame), deps)
    expect(check.state === 'authentic' && hex(check.value.signedAlert)).toBe(row.signedAlert)
  })

  test.each(vectors.authentic)('$why, sealed again', ({ stamp, signedAlert, ...row }) => {
    const again = sealFrame(deps.frames.seal, {
      stamp: stampFrom(stamp),
      signedAlert: unhex(signedAlert),
      sealKeyId: row.sealKeyId,
      nonce: unhex(row.nonce),
    })
    expect(hex(again)).toBe(row.frame)
  })
})

describe('another frame', () => {
  test.each(vectors.others)('$state, $reason: $why', async ({ state, reason, frame }) => {
    expect(await checkFrame(unhex(frame), deps)).toEqual({ state, why: reason })
  })
})

describe('what a reader remembers of a frame', () => {
  /** Counts how often the seal is opened. */
  const counting = () => {
    const { seal } = deps.frames
    let opened = 0
    const counted: Seal = {
      keyIdFor: (...args) => seal.keyIdFor(...args),
      seal: (box) => seal.seal(box),
      open: (box) => {
        opened += 1
        return seal.open(box)
      },
    }
    return { frames: new FrameReader(counted, sha256), count: () => opened }
  }

  test('spares the seal, and never what can have changed: the directory and the signature', async () => {
    const { frames, count } = counting()
    const strangers = await directoryOfVectors(1)
    for (const { frame } of vectors.authentic) {
      const bytes = unhex(frame)
      const before = count()
      const first = await checkFrame(bytes, { ...deps, frames })
      expect(await checkFrame(bytes, { ...deps, frames })).toEqual(first)
      expect(count()).toBe(before + 1)
      expect(await checkFrame(bytes, { ...deps, frames, directory: strangers })).toEqual({
        state: 'ignored',
        why: 'stamp-ahead-of-directory',
      })
      expect(await checkFrame(bytes, { ...deps, frames, verify: async () => false })).toEqual({
        state: 'ignored',
        why: 'signature-invalid',
      })
      expect((await checkFrame(bytes, { ...deps, frames })).state).toBe('authentic')
    }
    await strangers.stop()
  })

  test('says nothing about bytes that differ in one bit', async () => {
    const { frames } = counting()
    for (const { frame } of vectors.authentic.slice(0, 2)) {
      const bytes = unhex(frame)
      expect(frames.read(bytes).state).toBe('opened')
      for (let at = 0; at < bytes.length; at += 1) {
        const other = bytes.slice()
        other[at] = (other[at] ?? 0) ^ (1 << (at % 8))
        expect((await checkFrame(other, { ...deps, frames })).state, `byte ${at}`).not.toBe(
          'authentic',
        )
      }
    }
  })

  test('is never a refusal: a frame that is not taken is looked at each time', async () => {
    const { frames, count } = counting()
    const forged = vectors.others.find(({ reason }) => reason === 'seal-forged')
    for (let times = 1; times <= 3; times += 1) {
      await checkFrame(unhex(forged?.frame ?? ''), { ...deps, frames })
      expect(count()).toBe(times)
    }
  })
})

test('no two frames share a nonce under one key, or the vectors would teach a mistake', () => {
  const nonces = vectors.authentic.map(({ sealKeyId, nonce }) => `${sealKeyId} ${nonce}`)
  expect(new Set(nonces).size).toBe(nonces.length)
  expect(frameCodec.fingerprint).toBe(vectors.frameFingerprint)
  expect(stampCodec.fingerprint).toBe(vectors.stampFingerprint)
})
