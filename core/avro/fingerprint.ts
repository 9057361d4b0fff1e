import { utf8 } from '#core/bytes.ts'

/**
 * CRC-64-AVRO (Avro 1.12, «Schema Fingerprints») of a canonical form, as 16 lower-case hexadecimal
 * digits, most significant first. It selects a schema from a closed set and proves nothing.
 */
export const fingerprintOfForm = (canonicalForm: string): string => {
  let crc = EMPTY
  for (const byte of utf8(canonicalForm)) {
    crc = (crc >> 8n) ^ (TABLE[Number((crc ^ BigInt(byte)) & 0xffn)] ?? 0n)
  }
  return crc.toString(16).padStart(16, '0')
}

/** Both the fingerprint of no bytes and the polynomial, reflected. */
const EMPTY = 0xc15d213aa4d7a795n

const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte)
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1n) ^ (crc & 1n ? EMPTY : 0n)
  return crc
})
