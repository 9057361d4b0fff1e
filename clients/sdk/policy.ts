import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import type { Session } from '#clients/sdk/session.ts'
import { Misshapen, objectOf, type Shape } from '#clients/sdk/shape.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { type PolicyFiles, policyDigest, policyFilesFrom } from '#core/policy-files.ts'

/**
 * The texts of the policy of `digest`, as the hub publishes them and as they were verified to be:
 * they make that digest. `HubRefusal` `not-found` when the gateway does not hold it. Rejects as
 * `Connection`, and with `HubMisbehaved` when the texts are others.
 */
export const publishedPolicy = async (
  session: Session,
  digest: Uint8Array,
  options: CallOptions = {},
): Promise<PolicyFiles> => {
  const path = `/v1/policies/${hex(digest)}`
  const accept = 'application/json'
  const answer = await session.connection.get({ ...options, server: 'gateway', path, accept })
  const { files } = jsonFrom(answer, publishedShape)
  const own = policyFilesOf(files)
  if (own === null || !equalBytes(policyDigest(own, session.sha256), digest)) {
    throw new HubMisbehaved('answer-differs', `policy ${hex(digest)}`)
  }
  return own
}

const policyFilesOf = (texts: Readonly<Record<string, string>>): PolicyFiles | null => {
  try {
    return policyFilesFrom(texts)
  } catch {
    // Whatever is wrong with them, they are not the texts of that digest.
    return null
  }
}

const textsShape: Shape<Readonly<Record<string, string>>> = (value, at) => {
  if (typeof value !== 'object' || value === null) throw new Misshapen(at)
  const entries = Object.entries(value)
  const isTexts = entries.every(([, text]) => typeof text === 'string')
  if (!isTexts || entries.length > LIMITS.policyFilesMax) throw new Misshapen(at)
  return Object.fromEntries(entries)
}

const publishedShape = objectOf({ files: textsShape })
