/**
 * What every answer says unless its route says otherwise: that it is no page, that nothing of it is
 * kept, and that no other site may take it. There is no CORS: a browser of another origin gets
 * nothing.
 */
export const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Only over TLS: in the clear it means nothing (RFC 6797 §7.2). */
const STRICT = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' }

export const safeHeaders = (isEncrypted: boolean): Readonly<Record<string, string>> =>
  isEncrypted ? OVER_TLS : SAFE_HEADERS

const OVER_TLS = { ...SAFE_HEADERS, ...STRICT }
