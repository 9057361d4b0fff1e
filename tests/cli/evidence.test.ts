import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { EXIT } from '#clients/cli/command.ts'
import { verifyEvidence } from '#clients/sdk/evidence.ts'
import type { Alert } from '#core/alert.ts'
import { base64, fromBase64, fromUtf8, hex, utf8 } from '#core/bytes.ts'
import { formatProofFile, parseProofFile } from '#core/tlog/proof-file.ts'
import { enter } from '#tests/directory-entries.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const COORDINATOR = 'nacta/coordinator'
let hub: TestHub
let folder: string
let file: string
const ALERT = sampleAlert()

interface EvidenceFile {
  readonly format: string
  readonly signedAlert: string
  readonly receipt: string
  readonly directory: readonly string[]
}
let evidence: EvidenceFile

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-evidence-'))
  hub = await openTestHub()
  await publish(ALERT)
  file = join(folder, 'evidence.json')
  const { exit, err } = await exportTo(file)
  if (exit !== EXIT.ok) throw new Error(err)
  evidence = JSON.parse(readFileSync(file, 'utf8'))
}, 60_000)
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  rmSync(folder, { recursive: true })
})

const publish = async (alert: Alert): Promise<void> => {
  const bytes = await signed(alert, hub.home.alertSigner(alert.origin))
  expect((await hub.publish(bytes, 'ctd-kp/duty-officer')).status).toBe(201)
  await hub.settled()
}

const rabta = (...args: readonly string[]) => runRabta(args)

const exportTo = (out: string, options: readonly string[] = ['--case', 'FIR:12/2026']) => {
  const at = ['--home', hub.home.home, '--gateway', hub.hub.url ?? '', '--as', COORDINATOR]
  return rabta('alert', 'export', `ctd-kp/${ALERT.id}`, '--out', out, ...options, ...at)
}

const genesis = () => hex(hub.home.founding.genesisDigest)

/** The verdict on the file with some of its parts replaced. */
const verdictOn = async (changes: Record<string, unknown>) => {
  const genesisDigest = hub.home.founding.genesisDigest
  const text = JSON.stringify({ ...evidence, ...changes })
  const verdict = await verifyEvidence(text, { genesisDigest, sha256, verify: verifySignature })
  return verdict.ok ? 'VERIFIED' : [verdict.fault, verdict.detail].filter(Boolean).join(' ')
}

const receiptWith = (changes: object): string => {
  const receipt = parseProofFile(utf8(evidence.receipt))
  if (receipt === null) throw new Error('no receipt')
  return fromUtf8(formatProofFile({ ...receipt, ...changes })) ?? ''
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

test('the file verifies with nothing but the genesis digest, and says who, when and why', async () => {
  const { exit, out } = await rabta('verify', file, '--genesis', genesis())
  expect(exit).toBe(EXIT.ok)
  expect(out).toContain('VERIFIED: signed by ctd-kp at ')
  expect(out).toContain(`exported by ${COORDINATOR} for PROSECUTION FIR:12/2026 at `)
  expect(out).toContain(ALERT.id)
})

test('verifies on a machine whose home pins the same genesis, as JSON too', async () => {
  const { exit, out } = await rabta('verify', file, '--home', hub.home.home, '--json')
  expect(exit).toBe(EXIT.ok)
  expect(JSON.parse(out)).toMatchObject({
    alert: { origin: 'ctd-kp', id: ALERT.id },
    record: { action: 'EXPORT', principal: COORDINATOR, purpose: { caseReference: 'FIR:12/2026' } },
    log: 'hub.rabta.example/access',
  })
})

test('does not verify under another federation’s genesis', async () => {
  const { exit, out } = await rabta('verify', file, '--genesis', hex(randomBytes(32)))
  expect(exit).toBe(EXIT.unverified)
  expect(out).toContain('NOT VERIFIED: directory-refused (entry 0: not-pinned)')
})

test('is not written over, and not written without a case', async () => {
  const before = await hub.recordCount()
  const nameless = await exportTo(join(folder, 'none.json'), [])
  expect([nameless.exit, await hub.recordCount()]).toEqual([EXIT.usage, before])
  expect(nameless.err).toContain('--case')
  expect((await exportTo(file)).exit).toBe(EXIT.usage)
  expect(await hub.recordCount()).toBe(before)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(evidence)
})

describe('a file that somebody changed', () => {
  test('verifies as it is: else none of these could fail', async () => {
    expect(await verdictOn({})).toBe('VERIFIED')
    expect(await verdictOn({ receipt: receiptWith({}) })).toBe('VERIFIED')
  })

  test('any byte of the signed alert', async () => {
    const bytes = fromBase64(evidence.signedAlert) ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(200)
    for (let at = 0; at < bytes.length; at += 1) {
      const verdict = await verdictOn({ signedAlert: base64(flipped(bytes, at)) })
      expect(verdict, `byte ${at}`).toMatch(
        /^(alert-unreadable|record-differs alert|record-differs realm|signature-refused)/,
      )
    }
  }, 120_000)

  test('any byte of the record', async () => {
    const record = parseProofFile(utf8(evidence.receipt))?.extra ?? new Uint8Array()
    expect(record.length).toBeGreaterThan(100)
    for (let at = 0; at < record.length; at += 1) {
      const receipt = receiptWith({ extra: flipped(record, at) })
      expect(await verdictOn({ receipt }), `byte ${at}`).toBe('receipt-refused not-included')
    }
  }, 120_000)

  test('any character of the proof and its checkpoint', async () => {
    const { receipt } = evidence
    const start = receipt.indexOf('\nindex ') + 1
    expect(receipt.length - start).toBeGreaterThan(200)
    for (let at = start; at < receipt.length; at += 1) {
      const other = receipt[at] === 'A' ? 'B' : 'A'
      const changed = `${receipt.slice(0, at)}${other}${receipt.slice(at + 1)}`
      expect(await verdictOn({ receipt: changed }), `character ${at}`).toMatch(/^receipt-refused/)
    }
  }, 120_000)

  test('any byte of the last entry of the directory, and one of each other', async () => {
    const entries = evidence.directory.map((entry) => fromBase64(entry) ?? new Uint8Array())
    const changed = (index: number, at: number) => ({
      directory: entries.map((entry, one) => base64(one === index ? flipped(entry, at) : entry)),
    })
    for (const [index, entry] of entries.entries()) {
      const at = Math.floor(entry.length / 2)
      expect(await verdictOn(changed(index, at))).toMatch(/^directory-refused/)
    }
    const last = entries.length - 1
    for (let at = 0; at < (entries[last]?.length ?? 0); at += 7) {
      expect(await verdictOn(changed(last, at)), `byte ${at}`).toMatch(/^directory-refused/)
    }
  }, 120_000)

  test('the record’s place', async () => {
    const { index = 0 } = parseProofFile(utf8(evidence.receipt)) ?? {}
    expect(await verdictOn({ receipt: receiptWith({ index: index - 1 }) })).toBe(
      'receipt-refused not-included',
    )
  })

  test('an entry of the directory left out, at the end, in the middle, or put in twice', async () => {
    const { directory } = evidence
    expect(await verdictOn({ directory: directory.slice(0, -1) })).toBe('directory-differs')
    expect(await verdictOn({ directory: directory.toSpliced(3, 1) })).toMatch(/^directory-refused/)
    expect(await verdictOn({ directory: [...directory, directory.at(-1)] })).toMatch(
      /^directory-refused/,
    )
    expect(await verdictOn({ directory: [] })).toBe('log-unnamed')
  })

  test('the record of a reading, in the log as it is, in place of that of an export', async () => {
    const read = await hub.get(`/v1/alerts/ctd-kp/${ALERT.id}`, COORDINATOR, {
      headers: { 'rabta-purpose': 'PROSECUTION FIR:12/2026' },
    })
    const index = Number.parseInt(read.headers.get('rabta-record') ?? '', 10)
    await hub.settled()
    const { json } = await hub.get(`/v1/access-log/records/${index}/proof`, COORDINATOR, {
      headers: { accept: 'application/json' },
    })
    const receipt = formatProofFile({
      index,
      proof: (json['proof'] as readonly string[]).map((hash) => fromBase64(hash) ?? randomBytes(1)),
      checkpoint: utf8(String(json['checkpoint'])),
      extra: fromBase64(String(json['bytes'])),
    })
    expect(await verdictOn({ receipt: fromUtf8(receipt) })).toBe('record-differs action')
  })

  test('another alert under this record, or this one signed by another agency', async () => {
    const other = await signed(sampleAlert(), hub.home.alertSigner('ctd-kp'))
    expect(await verdictOn({ signedAlert: base64(other) })).toBe('record-differs alert')
    const forged = await signed(ALERT, hub.home.alertSigner('ctd-punjab'))
    expect(await verdictOn({ signedAlert: base64(forged) })).toMatch(
      /^signature-refused key-of-another-agency/,
    )
  })

  test.each([
    ['a member more', { note: 'read by the court' }],
    ['another format', { format: 'rabta.v2.Evidence' }],
    ['no receipt', { receipt: null }],
    ['bytes that are no base64', { signedAlert: '€' }],
  ])('%s', async (_, changes) => {
    expect(await verdictOn(changes)).toBe('not-evidence')
  })

  test('the command says so, and ends with the code of what does not verify', async () => {
    const path = join(folder, 'changed.json')
    writeFileSync(path, JSON.stringify({ ...evidence, signedAlert: base64(randomBytes(64)) }))
    const { exit, out } = await rabta('verify', path, '--genesis', genesis())
    expect(exit).toBe(EXIT.unverified)
    expect(out).toMatch(/^NOT VERIFIED: alert-unreadable/)
  })
})

// Last: the key is out after this.
test('a key that was revoked since proves on; one that was compromised before proves nothing', async () => {
  const before = evidence
  const { keys } = hub.hub.parts.directory.state
  const key = [...keys.values()].find(
    ({ agency, usage }) => agency === 'ctd-kp' && usage === 'alert_signing',
  )
  if (key === undefined) throw new Error('there is no such key')
  const revoke = (compromisedSinceMs: number | null) =>
    enter(hub, hub.home.administratorSigner('ctd-kp'), {
      type: 'KeyRevoked',
      keyId: key.id,
      compromisedSinceMs,
    })
  await revoke(null)
  const later = join(folder, 'later.json')
  expect((await exportTo(later)).exit).toBe(EXIT.ok)
  expect((await rabta('verify', later, '--genesis', genesis())).exit).toBe(EXIT.ok)
  evidence = JSON.parse(readFileSync(later, 'utf8'))
  expect(evidence.directory.length).toBe(before.directory.length + 1)
  await revoke(ALERT.sentAtMs - 1)
  expect((await exportTo(join(folder, 'none.json'))).err).toContain('compromised')
  const { json } = await hub.get('/v1/directory/entries', COORDINATOR)
  const directory = (json['entries'] as readonly { readonly bytes: string }[]).map(
    ({ bytes }) => bytes,
  )
  expect(await verdictOn({ directory })).toBe('key-compromised')
})
