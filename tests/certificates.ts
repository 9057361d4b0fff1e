import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key, in PEM. Made anew by each test run: no private key lies in a file of
 * the repository, and no program but Node is needed. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

export interface Authority extends Identity {
  /** A certificate for a client, or for a server on this machine. */
  issue(name: string, options?: { readonly expired?: boolean }): Identity
}

export const newAuthority = (name: string): Authority => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const own = certificate({
    subject: name,
    issuer: name,
    key: privateKey,
    by: privateKey,
    isCa: true,
  })
  return {
    certificate: own,
    key: pem,
    issue: (subject, { expired = false } = {}) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const by = createPrivateKey(pem)
      const key = pair.privateKey
      return {
        certificate: certificate({ subject, issuer: name, key, by, isCa: false, expired }),
        key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}

export interface IdentityFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** A folder of PEM files for one test, each key its owner's alone. */
export class PemFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'rabta-tls-'))

  write(name: string, text: string, mode = 0o600): string {
    const file = join(this.path, name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  writeIdentity(name: string, { certificate, key }: Identity): IdentityFiles {
    return {
      certificateFile: this.write(`${name}.crt`, certificate, 0o644),
      keyFile: this.write(`${name}.key`, key),
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

const DAY_MS = 86_400_000

/** X.509 v3 (RFC 5280 §4.1) in DER, signed with ECDSA and SHA-256. */
const certificate = (parts: {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly by: KeyObject
  readonly isCa: boolean
  readonly expired?: boolean
}): string => {
  const { subject, issuer, key, by, isCa, expired = false } = parts
  const from = Date.now() - 2 * DAY_MS
  const spki = publicKeyOf(key)
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(from), time(expired ? from + DAY_MS : from + 10 * DAY_MS)),
    nameOf(subject),
    spki,
    tagged(0xa3, sequence(isCa ? CA_CONSTRAINTS : THIS_MACHINE)),
  )
  const signature = sign('sha256', body, by)
  const whole = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const publicKeyOf = (key: KeyObject): Buffer => {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const point = Buffer.concat([
    Buffer.from([0, 4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ])
  return sequence(sequence(oid('2a8648ce3d0201'), oid('2a8648ce3d030107')), tagged(0x03, point))
}

const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, ...parts)
const integer = (bytes: Uint8Array): Buffer => tagged(0x02, bytes)
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'))
const octets = (bytes: Uint8Array): Buffer => tagged(0x04, bytes)
const yes = tagged(0x01, Buffer.from([0xff]))

/** One common name. */
const nameOf = (text: string): Buffer =>
  sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(text)))))

const time = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return tagged(0x18, Buffer.from(digits))
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const CA_CONSTRAINTS = sequence(oid('551d13'), yes, octets(sequence(yes)))
/** The names under which a test reaches a server: `localhost` and 127.0.0.1. */
const THIS_MACHINE = sequence(
  oid('551d11'),
  octets(
    sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1]))),
  ),
)
