import { createHash } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'

export const isEncrypted = (request: FastifyRequest): boolean =>
  request.raw.socket instanceof TLSSocket

/**
 * The thumbprint of the certificate that the client of this connection holds the key to: SHA-256 of
 * its DER, in base64url (RFC 8705 §3.1). Null when it brought none, or none that the authority of
 * clients vouches for. TLS 1.3 as it is spoken here never changes it on an open connection.
 */
export const clientCertificateOf = (request: FastifyRequest): string | null => {
  const { socket } = request.raw
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  return createHash('sha256').update(certificate.raw).digest('base64url')
}
