import { readFile } from 'node:fs/promises'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { HomeUnusable, readGenesisDigest } from '#adapters/files/home.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { timeText } from '#clients/cli/directory-words.ts'
import { flag, optionalText, text } from '#clients/cli/identity.ts'
import { seededDirectory } from '#clients/cli/seeded-directory.ts'
import { EVIDENCE_FAULTS, verifyEvidence } from '#clients/sdk/evidence.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { alertToJson } from '#core/alert-json.ts'
import { fromHex, hex } from '#core/bytes.ts'
import { recordToJson } from '#core/record-json.ts'

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Verify a receipt, or an exported alert, offline: no hub and no network.',
  words: 'FILE',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'Where federation.json and directory.seed name the log’s key.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    'log-key': { type: 'string', value: 'VKEY', help: 'The log’s C2SP verifier key instead.' },
    genesis: {
      type: 'string',
      value: 'HEX',
      help: 'An exported alert: the directory’s genesis digest, in place of that in --home.',
    },
    record: { type: 'string', value: 'FILE', help: 'The record’s bytes, if the receipt has none.' },
    json: { type: 'boolean', help: 'Print JSON for programs.' },
  },
  examples: [
    'rabta verify 1234.tlog-proof',
    'rabta verify 12.json --genesis 9f2c…',
    'rabta verify r.tlog-proof --log-key hub.example/log+…',
  ],
  run: async (given, io) => {
    const receipt = await readFile(given.words[0] ?? '', 'utf8')
    if (receipt.trimStart().startsWith('{')) return verifyExported(receipt, given, io)
    const recordFile = optionalText(given, 'record')
    const record = recordFile === undefined ? {} : { record: await bytesOf(recordFile) }
    const verifierKey = optionalText(given, 'log-key') ?? (await keyFrom(text(given, 'home')))
    const deps = { sha256, verify: verifySignature }
    const verified = await verifyReceipt({ text: receipt, verifierKey, ...record }, deps)
    if (!verified.ok) {
      io.out(`NOT VERIFIED: ${verified.why}\n`)
      return EXIT.unverified
    }
    const { index, checkpoint } = verified
    const content = verified.record && recordToJson(verified.record.content)
    if (flag(given, 'json')) {
      const shown = { index, size: checkpoint.size, root: hex(checkpoint.root), record: content }
      io.out(`${JSON.stringify(shown, null, 2)}\n`)
      return EXIT.ok
    }
    io.out(`${JSON.stringify(content, null, 2)}\n`)
    io.out(`VERIFIED: leaf ${index} of ${checkpoint.size} in ${checkpoint.origin}\n`)
    return EXIT.ok
  },
}

/** All that the file says is shown as it was verified, never as the file itself tells it. */
const verifyExported = async (file: string, given: Given, io: Io): Promise<ExitCode> => {
  const genesisDigest = await genesisFrom(given)
  const verdict = await verifyEvidence(file, { genesisDigest, sha256, verify: verifySignature })
  if (!verdict.ok) {
    const { fault, detail } = verdict
    const where = detail === null ? '' : ` (${detail})`
    io.out(`NOT VERIFIED: ${fault}${where}. ${EVIDENCE_FAULTS[fault]}\n`)
    return EXIT.unverified
  }
  const { alert, digest, record, checkpoint, directory } = verdict
  const { index, content } = record
  const shown = { alert: alertToJson(alert), digest: hex(digest), record: recordToJson(content) }
  const place = { index, size: checkpoint.size, root: hex(checkpoint.root), log: checkpoint.origin }
  io.out(`${JSON.stringify({ ...shown, ...place }, null, 2)}\n`)
  if (flag(given, 'json')) return EXIT.ok
  const { principal, purpose, timeMs } = content
  const exporter = `${principal} for ${purpose?.code} ${purpose?.caseReference}`
  io.out(`VERIFIED: signed by ${alert.origin} at ${timeText(alert.sentAtMs)}\n`)
  io.out(`  exported by ${exporter} at ${timeText(timeMs)}\n`)
  io.out(`  leaf ${index} of ${checkpoint.size} in ${checkpoint.origin}\n`)
  io.out(`  by the directory up to entry ${directory.sequence}, ${hex(directory.digest)}\n`)
  return EXIT.ok
}

const genesisFrom = async (given: Given): Promise<Uint8Array> => {
  const written = optionalText(given, 'genesis')
  const home = text(given, 'home')
  const digest =
    written === undefined
      ? await readGenesisDigest(home).catch(noHome(home, 'genesis'))
      : fromHex(written)
  if (digest?.length !== 32) throw new UsageError('--genesis must be 64 hexadecimal digits')
  return digest
}

const bytesOf = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path))

const keyFrom = async (home: string): Promise<string> => {
  const { logVerifierKey } = await seededDirectory(home).catch(noHome(home, 'log-key'))
  if (logVerifierKey === null) throw new UsageError(`${home} names no log: give --log-key`)
  return logVerifierKey
}

/** To make a home would not help: it would be of another federation, which signed nothing. */
const noHome =
  (home: string, option: 'log-key' | 'genesis') =>
  (error: unknown): never => {
    if (!(error instanceof HomeUnusable)) throw error
    throw new UsageError(`${home} is no home of a federation: give --home, or --${option}`)
  }
