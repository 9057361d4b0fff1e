import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { writeFileDurably } from '#adapters/files/durable-file.ts'
import { homePaths, readFederation, readGenesisDigest } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { type ClientTls, openHttpsFetch } from '#adapters/https/fetch.ts'
import { type Given, type Option, UsageError } from '#clients/cli/command.ts'
import { baseUrl } from '#clients/sdk/base-url.ts'
import type { CheckpointMemory } from '#clients/sdk/checkpoint-memory.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { RecalledAlerts, type RecallMemory } from '#clients/sdk/recalled-alerts.ts'
import { openSession, type Session } from '#clients/sdk/session.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { isRealm, REALMS, type Realm } from '#core/realm.ts'

/** The options of every command that talks to a hub. */
export const HUB_OPTIONS = {
  home: {
    type: 'string',
    value: 'DIR',
    help: 'The folder with keys and federation.json.',
    default: './data',
    setting: 'RABTA_HOME',
  },
  as: {
    type: 'string',
    value: 'AGENCY/NAME',
    help: 'The principal who asks, e.g. nacta/coordinator.',
    setting: 'RABTA_AS',
  },
  realm: {
    type: 'string',
    value: 'REALM',
    help: 'live or exercise.',
    default: 'live',
    setting: 'RABTA_REALM',
    oneOf: REALMS,
  },
  gateway: {
    type: 'string',
    value: 'URL',
    help: 'The gateway.',
    default: 'http://127.0.0.1:8700',
    setting: 'RABTA_GATEWAY',
  },
  audit: {
    type: 'string',
    value: 'URL',
    help: 'The audit service; without it, the gateway’s address.',
    setting: 'RABTA_AUDIT',
  },
  ca: {
    type: 'string',
    value: 'FILE',
    help: 'PEM of the authority of the hub’s certificate.',
    setting: 'RABTA_CA',
  },
  'client-certificate': {
    type: 'string',
    value: 'FILE',
    help: 'PEM of your certificate, for a hub with mutual TLS.',
    setting: 'RABTA_CLIENT_CERTIFICATE',
  },
  'client-key': {
    type: 'string',
    value: 'FILE',
    help: 'PEM of the key to it, yours alone.',
    setting: 'RABTA_CLIENT_KEY',
  },
  json: { type: 'boolean', help: 'Print JSON for programs.' },
} as const satisfies Record<string, Option>

export interface Identity {
  readonly session: Session
  readonly recalled: RecalledAlerts
  readonly log: LogClient
  readonly home: string
}

export const text = (given: Given, name: string): string => {
  const value = given.options[name]
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing`)
  return value
}

export const optionalText = (given: Given, name: string): string | undefined => {
  const value = given.options[name]
  return typeof value === 'string' ? value : undefined
}

export const flag = (given: Given, name: string): boolean => given.options[name] === true

export const count = (given: Given, name: string): number => {
  const value = Number(text(given, name))
  if (!Number.isSafeInteger(value) || value < 0) throw new UsageError(`--${name} must be a number`)
  return value
}

export const realmOf = (given: Given): Realm => {
  const realm = text(given, 'realm')
  if (!isRealm(realm)) throw new UsageError('--realm must be live or exercise')
  return realm
}

const principalOf = (given: Given): PrincipalId => {
  const principal = optionalText(given, 'as')
  if (principal === undefined) {
    throw new UsageError('who asks? Say --as AGENCY/NAME, or set RABTA_AS')
  }
  if (!isPrincipalId(principal)) throw new UsageError('--as must be AGENCY/NAME')
  return principal
}

/** Null when no file is named: then the platform's own fetch does. */
const clientTlsOf = (given: Given): ClientTls | null => {
  const authorityFile = optionalText(given, 'ca') ?? null
  const certificateFile = optionalText(given, 'client-certificate')
  const keyFile = optionalText(given, 'client-key')
  if ((certificateFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError('--client-certificate and --client-key go together')
  }
  if (certificateFile !== undefined && keyFile !== undefined) {
    return { authorityFile, identity: { certificateFile, keyFile } }
  }
  return authorityFile === null ? null : { authorityFile, identity: null }
}

/** The session of `--as` at `--gateway`, with keys from `--home`. */
export const identityFrom = async (given: Given): Promise<Identity> => {
  const audit = optionalText(given, 'audit')
  return openIdentity({
    home: text(given, 'home'),
    principal: principalOf(given),
    realm: realmOf(given),
    gatewayUrl: text(given, 'gateway'),
    signal: given.signal,
    tls: clientTlsOf(given),
    ...(audit === undefined ? {} : { auditUrl: audit }),
  })
}

const hubAddress = (option: 'gateway' | 'audit', address: string): string => {
  try {
    return baseUrl(address, false)
  } catch {
    const form = 'https://HOST, or http://HOST on this machine alone'
    throw new UsageError(`--${option} must be ${form}: «${address}» is not`)
  }
}

export const openIdentity = async (who: {
  readonly home: string
  readonly principal: PrincipalId
  readonly realm: Realm
  readonly gatewayUrl: string
  readonly auditUrl?: string
  /** Null, or left out: what the platform trusts, and no certificate of one's own. */
  readonly tls?: ClientTls | null
  /** Ends every request. */
  readonly signal?: AbortSignal
}): Promise<Identity> => {
  const { home, principal, realm, gatewayUrl, auditUrl, signal, tls = null } = who
  const [agency = '', name = ''] = principal.split('/')
  const { issuer } = await readFederation(home)
  const send: typeof fetch = tls === null ? fetch : await openHttpsFetch(tls)
  const session = openSession({
    gatewayUrl: hubAddress('gateway', gatewayUrl),
    ...(auditUrl === undefined ? {} : { auditUrl: hubAddress('audit', auditUrl) }),
    fetch: signal === undefined ? send : stoppedBy(signal, send),
    realm,
    principal,
    authentication: openSigner(
      await readKeyFile(homePaths(home).agency(agency).principalKey(name)),
    ),
    genesisDigest: await readGenesisDigest(home),
    audience: `${issuer}/v1/token`,
    sha256,
    verify: verifySignature,
    clock: systemClock,
    random: randomBytes,
  })
  const recalled = new RecalledAlerts(session, recalledFile(home, principal, realm))
  return { session, recalled, home, log: new LogClient(session, checkpointFile(home, principal)) }
}

const stoppedBy =
  (stopping: AbortSignal, send: typeof fetch): typeof fetch =>
  (input, init) => {
    const own = init?.signal
    const signal = own ? AbortSignal.any([own, stopping]) : stopping
    return send(input, { ...init, signal })
  }

/** Remembers what was recalled, so that an old copy is known as one after a restart too. */
const recalledFile = (home: string, principal: string, realm: Realm): RecallMemory => {
  const name = realm === 'live' ? 'recalled.json' : `recalled-${realm}.json`
  const path = join(home, 'clients', principal, name)
  return {
    load: async () => {
      const text = await readOrNull(path)
      const marks: unknown = text === null ? [] : JSON.parse(text)
      return Array.isArray(marks) ? marks.map(String) : []
    },
    save: async (marks) => {
      mkdirSync(dirname(path), { recursive: true })
      await writeFileDurably(path, `${JSON.stringify(marks, null, 1)}\n`)
    },
  }
}

const readOrNull = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // Nothing is remembered yet; a file that cannot be read is another matter.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Remembers the last checkpoint that this principal saw: what a forked log is held against. */
const checkpointFile = (home: string, principal: string): CheckpointMemory => {
  const path = join(home, 'clients', principal, 'checkpoint')
  return {
    load: () => readOrNull(path),
    save: async (checkpoint) => {
      mkdirSync(dirname(path), { recursive: true })
      await writeFileDurably(path, checkpoint)
    },
  }
}
