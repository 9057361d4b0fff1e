import { createHmac } from 'node:crypto'

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export const hmacSha256 = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(bytes).digest())
