// Anybody verifies a receipt, without hub or network: node docs/examples/verify-offline.ts FILE VKEY
import { readFile } from 'node:fs/promises'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'

const [, , file = '', verifierKey = ''] = process.argv // the key from a person you know
const text = await readFile(file, 'utf8')
const receipt = await verifyReceipt({ text, verifierKey }, { sha256, verify: verifySignature })
if (!receipt.ok) {
  process.stdout.write(`NOT VERIFIED: ${receipt.why}\n`)
  process.exitCode = 5
} else {
  const { action, principal, alert } = receipt.record?.content ?? {}
  process.stdout.write(
    `leaf ${receipt.index}: ${principal} ${action} ${alert?.origin}/${alert?.id}\n`,
  )
}
