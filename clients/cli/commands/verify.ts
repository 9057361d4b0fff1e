import { readFile } from 'node:fs/promises'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { type Command, EXIT, UsageError } from '#clients/cli/command.ts'
import { flag, optionalText, text } from '#clients/cli/identity.ts'
import { seededDirectory } from '#clients/cli/seeded-directory.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { hex } from '#core/bytes.ts'
import { recordToJson } from '#core/record-json.ts'

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Verify a receipt offline: no hub, no network, only the log’s key.',
  words: 'FILE.tlog-proof',
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
    record: { type: 'string', value: 'FILE', help: 'The record’s bytes, if the receipt has none.' },
    json: { type: 'boolean', help: 'Print JSON for programs.' },
  },
  examples: [
    'rabta verify 1234.tlog-proof',
    'rabta verify r.tlog-proof --log-key hub.example/log+…',
  ],
  run: async (given, io) => {
    const receipt = await readFile(given.words[0] ?? '', 'utf8')
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

const bytesOf = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path))

const keyFrom = async (home: string): Promise<string> => {
  const { logVerifierKey } = await seededDirectory(home)
  if (logVerifierKey === null) throw new UsageError(`${home} names no log: give --log-key`)
  return logVerifierKey
}
