import { expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature as verify } from '#adapters/crypto/verify.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { formatVerifierKey } from '#core/tlog/verifier-key.ts'
import { LogKeyWrong, logTrustFrom } from '#services/audit/log-key.ts'

const logName = 'hub.example/access'
const signer = openSigner(generateKey('Ed25519').privatePem)
const directory = new DirectoryState(sha256)

test('the log’s key is the one that the directory names', () => {
  const { log } = logTrustFrom({ logName, signer, directory, verify, sha256 })
  const named = Object.assign(new DirectoryState(sha256), {
    logVerifierKey: formatVerifierKey(log),
  })
  expect(logTrustFrom({ logName, signer, directory: named, verify, sha256 }).log).toEqual(log)
  const other = openSigner(generateKey('Ed25519').privatePem)
  const withOther = { logName, signer: other, directory: named, verify, sha256 }
  expect(() => logTrustFrom(withOther)).toThrow(LogKeyWrong)
  const renamed = { logName: 'other.example', signer, directory: named, verify, sha256 }
  expect(() => logTrustFrom(renamed)).toThrow(LogKeyWrong)
})

test('the log’s key is an Ed25519 key', () => {
  const es256 = openSigner(generateKey('ES256').privatePem)
  const make = () => logTrustFrom({ logName, signer: es256, directory, verify, sha256 })
  expect(make).toThrow(LogKeyWrong)
})
