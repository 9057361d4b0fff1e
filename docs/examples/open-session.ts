// What every example stands on: who asks (RABTA_AS), with the keys in RABTA_HOME, at RABTA_GATEWAY.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths, readFederation, readGenesisDigest } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import type { CheckpointMemory } from '#clients/sdk/checkpoint-memory.ts'
import { openSession } from '#clients/sdk/session.ts'
import { isPrincipalId } from '#core/principal.ts'

export const home = process.env['RABTA_HOME'] ?? './data'
const principal = process.env['RABTA_AS'] ?? ''
if (!isPrincipalId(principal)) throw new Error('set RABTA_AS=AGENCY/NAME')
const [agency = '', post = ''] = principal.split('/')

export const ownKeys = homePaths(home).agency(agency)
export const session = openSession({
  gatewayUrl: process.env['RABTA_GATEWAY'] ?? 'http://127.0.0.1:8700',
  audience: `${(await readFederation(home)).issuer}/v1/token`,
  realm: 'live',
  principal,
  authentication: openSigner(await readKeyFile(ownKeys.principalKey(post))),
  genesisDigest: await readGenesisDigest(home), // from a person you know, not from the hub
  sha256,
  verify: verifySignature,
  clock: systemClock,
  random: randomBytes,
})

/** The last checkpoint seen is kept: a log that is rewritten later then shows. */
const file = join(home, `${agency}.${post}.checkpoint`)
export const memory: CheckpointMemory = {
  load: () => readFile(file, 'utf8').catch(() => null),
  save: (checkpoint) => writeFile(file, checkpoint),
}

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
