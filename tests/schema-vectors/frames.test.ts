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
    seal: await sealOfVectors(),
    directory: await directoryOfVectors(),
    verify: verifySignature,
    sha256,
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

const directoryOfVectors = async (): Promise<DirectoryView> => {
  const log = openMemoryLog()
  await log.ensureTopics([DIRECTORY_TOPIC])
  await log.append(
    DIRECTORY_TOPIC,
    directoryVectors.topic.map(({ entry }) => unhex(entry)),
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
    const again = sealFrame(deps.seal, {
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

test('no two frames share a nonce under one key, or the vectors would teach a mistake', () => {
  const nonces = vectors.authentic.map(({ sealKeyId, nonce }) => `${sealKeyId} ${nonce}`)
  expect(new Set(nonces).size).toBe(nonces.length)
  expect(frameCodec.fingerprint).toBe(vectors.frameFingerprint)
  expect(stampCodec.fingerprint).toBe(vectors.stampFingerprint)
})
