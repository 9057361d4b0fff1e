import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'

export const isEncrypted = (request: FastifyRequest): boolean =>
  request.raw.socket instanceof TLSSocket
