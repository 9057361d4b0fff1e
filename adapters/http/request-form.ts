import type { FastifyRequest } from 'fastify'
import { LIMITS } from '#core/limits.ts'
import { type Refusal, refuse } from '#core/refusal.ts'

/** Headers of which a proxy in front and this server could each believe another one. */
const SINGLE = ['authorization', 'content-encoding', 'content-type', 'host', 'transfer-encoding']

/** Why a request is refused by its form alone, before anyone asks who sends it; null when not. */
export const formFault = ({ method, raw }: FastifyRequest): Refusal | null => {
  const { headers, rawHeaders, url = '' } = raw
  if (url.length > LIMITS.urlCharactersMax) return { code: 'url-too-long' }
  if (rawHeaders.length / 2 > LIMITS.headersMax) return { code: 'headers-too-large' }
  // RFC 9112 §3.2: whom the request is for, only HTTP/1.0 need not say.
  const { httpVersion } = raw
  if (headers.host === undefined && httpVersion !== '1.0')
    return refuse('request-invalid', 'host').refusal
  const doubled = doubledIn(rawHeaders)
  if (doubled !== null) return refuse('request-invalid', doubled).refusal
  // Nothing is decompressed anywhere, so no small body can become a large one.
  if (headers['content-encoding'] !== undefined) return { code: 'encoding-unsupported' }
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const takesBody = method !== 'GET' && method !== 'HEAD'
  return hasBody && !takesBody ? refuse('request-invalid', 'body').refusal : null
}

const doubledIn = (rawHeaders: readonly string[]): string | null => {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!SINGLE.includes(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}
