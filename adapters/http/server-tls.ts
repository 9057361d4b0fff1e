import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server, ServerOptions } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { LIMITS } from '#core/limits.ts'
import type { TlsSettings } from '#core/tls-settings.ts'

/** The files do not make a TLS identity: says which file, and what is wrong. */
export class TlsUnusable extends Error {
  override readonly name = 'TlsUnusable'
}

/** A service's certificate, its key and its clients' authority, as their files were when read. */
export class ServerTls {
  private readonly settings: TlsSettings
  private readonly servers = new Set<Server>()
  private context: SecureContextOptions

  /** `openServerTls` makes one. */
  constructor(settings: TlsSettings, context: SecureContextOptions) {
    this.settings = settings
    this.context = context
  }

  get serverOptions(): ServerOptions {
    const { clientCertificates } = this.settings
    return {
      ...this.context,
      handshakeTimeout: LIMITS.handshakeMsMax,
      ALPNProtocols: ['http/1.1'],
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'required',
    }
  }

  /** `server` was made with `serverOptions`, and gets what a reload brings. */
  keep(server: Server): void {
    this.servers.add(server)
    server.once('close', () => this.servers.delete(server))
  }

  /**
   * Reads the files again, for the connections to come; those that are open go on as they are.
   * Rejects, and changes nothing, when the files make no identity: one of two may be half written.
   */
  async reload(): Promise<void> {
    this.context = await contextFrom(this.settings)
    for (const server of this.servers) server.setSecureContext(this.context)
  }
}

/** Rejects with `TlsUnusable`, or with `LoosePermissions` when others can read the key. */
export const openServerTls = async (settings: TlsSettings): Promise<ServerTls> =>
  new ServerTls(settings, await contextFrom(settings))

const contextFrom = async (settings: TlsSettings): Promise<SecureContextOptions> => {
  const { certificateFile, keyFile, clientAuthorityFile } = settings
  const cert = await read(certificateFile)
  const key = await readKeyFile(keyFile)
  const ca = clientAuthorityFile === null ? {} : { ca: await read(clientAuthorityFile) }
  const context = { ...PROTOCOL, cert, key, ...ca }
  try {
    createSecureContext(context)
  } catch (error) {
    const files = [certificateFile, keyFile, clientAuthorityFile].filter((file) => file !== null)
    const why = error instanceof Error ? error.message : String(error)
    throw new TlsUnusable(`${files.join(', ')}: ${why}`)
  }
  return context
}

const read = async (file: string): Promise<string> => {
  const text = await readFile(file, 'utf8')
  if (text.length > LIMITS.privateFileBytesMax) throw new TlsUnusable(`${file} is too large`)
  return text
}

/**
 * 1.3 alone. In 1.2 a connection can be renegotiated under another certificate, which a token's
 * binding would not notice, certificates of clients cross the network readable, and there are
 * ciphers to choose wrongly. No tickets: a resumed session would keep the verdict on a client's
 * certificate that an authority of before gave.
 */
const PROTOCOL = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const
