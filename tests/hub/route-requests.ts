import { hex } from '#core/bytes.ts'
import { SCHEMAS_BY_FINGERPRINT } from '#core/codecs.ts'
import { SIGNED_ALERT_TYPE, SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import type { Kind } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import { isPrincipalId } from '#core/principal.ts'
import { nextEntry } from '#tests/directory-entries.ts'
import type { Caller } from '#tests/hub/route-callers.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { signed, type TestHub } from '#tests/test-hub.ts'

/** To the origin and the named agency, and to the suspended one but for its suspension. */
const LABEL: Label = {
  classification: 'RESTRICTED',
  jurisdictions: ['PK-GB', 'PK-KP', 'PK-PB'],
  releasableTo: null,
  caveats: [],
}

/** The alert that the table is about, and the index of its publication's record. */
export interface Asked {
  readonly id: string
  /** Of one like it that only its originator's view is asked about: no refused read is on record. */
  readonly quietId: string
  readonly recordIndex: number
  readonly policyDigest: string
}

export const publishAsked = async (hub: TestHub): Promise<Asked> => {
  const publish = async (kind: Kind): Promise<string> => {
    const alert = sampleAlert({ kind, label: LABEL })
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    const answer = await hub.publish(bytes, 'ctd-kp/publisher')
    if (answer.status !== 201) throw new Error(String(answer.json['code']))
    return alert.id
  }
  const quietId = await publish('SITUATION_REPORT')
  const recordIndex = await hub.recordCount()
  const id = await publish('LOOKOUT')
  await hub.settled()
  const policyDigest = hex(hub.hub.gateway.deps.policy.digest)
  return { id, quietId, recordIndex, policyDigest }
}

export interface Outcome {
  readonly status: number
  /** Of a refusal. */
  readonly code: string | null
}

type Ask = (
  hub: TestHub,
  caller: Caller,
  asked: Asked & { readonly givesAlert: boolean },
) => Promise<Outcome>

/** The GET routes whose answers end, with what is asked of each. */
export const PATHS: Readonly<Record<string, (asked: Asked) => string>> = {
  'GET /v1/alerts/:origin/:id': ({ id }) => `/v1/alerts/ctd-kp/${id}`,
  'GET /v1/alerts/:origin/:id/status': ({ id }) => `/v1/alerts/ctd-kp/${id}/status`,
  'GET /v1/feed': () => '/v1/feed?from=earliest&kind=LOOKOUT',
  'GET /v1/directory/entries': () => '/v1/directory/entries?limit=1',
  'GET /v1/schemas': () => '/v1/schemas',
  'GET /v1/schemas/:fingerprint': () => `/v1/schemas/${[...SCHEMAS_BY_FINGERPRINT.keys()][0]}`,
  'GET /v1/policies/:digest': ({ policyDigest }) => `/v1/policies/${policyDigest}`,
  'GET /v1/openapi.json': () => '/v1/openapi.json',
  'GET /v1/docs': () => '/v1/docs',
  'GET /v1/access-log/checkpoint': () => '/v1/access-log/checkpoint',
  'GET /v1/access-log/tile/*': () => '/v1/access-log/tile/0/000.p/1',
  'GET /v1/access-log/tile/entries/*': () => '/v1/access-log/tile/entries/000.p/1',
  'GET /v1/access-log/records': () => '/v1/access-log/records?limit=1',
  'GET /v1/access-log/records/:index': ({ recordIndex }) => `/v1/access-log/records/${recordIndex}`,
  'GET /v1/access-log/records/:index/proof': ({ recordIndex }) =>
    `/v1/access-log/records/${recordIndex}/proof`,
  'GET /v1/access-log/alerts/:origin/:id': ({ quietId }) =>
    `/v1/access-log/alerts/ctd-kp/${quietId}`,
  'GET /health/live': () => '/health/live',
  'GET /health/ready': () => '/health/ready',
  'GET /metrics': () => '/metrics',
}

/** How the others are asked: by the same request for every caller. */
export const REQUESTS: Readonly<Record<string, Ask>> = {
  'POST /v1/token': async (hub, caller) => {
    const assertion = await caller.assertion()
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      ...(assertion === null ? {} : { client_assertion: assertion }),
      scope: caller.realm,
    })
    return ask(hub, { ...caller, token: null }, '/v1/token', { method: 'POST', body: form })
  },
  'POST /v1/alerts': async (hub, caller) => {
    const alert = sampleAlert({ label: LABEL })
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    return post(hub, caller, '/v1/alerts', { type: SIGNED_ALERT_TYPE, bytes })
  },
  'POST /v1/alerts/:origin/:id/acknowledgements': (hub, caller, { id }) =>
    ask(hub, caller, `/v1/alerts/ctd-kp/${id}/acknowledgements`, { method: 'POST' }),
  'POST /v1/label/preview': (hub, caller) =>
    post(hub, caller, '/v1/label/preview', {
      type: 'application/json',
      bytes: Buffer.from(JSON.stringify({ label: LABEL })),
    }),
  'GET /v1/alerts/:origin/:id/export': (hub, caller, { id }) =>
    ask(hub, caller, `/v1/alerts/ctd-kp/${id}/export`, {
      headers: { 'rabta-purpose': 'PROSECUTION FIR:12/2026' },
    }),
  'GET /v1/feed/stream': (hub, caller, { givesAlert }) => stream(hub, caller, givesAlert),
  'POST /v1/directory/entries': async (hub, caller) => {
    const principal = `ctd-kp/new-${hub.hub.parts.directory.state.sequence}`
    if (!isPrincipalId(principal)) throw new RangeError(principal)
    const { bytes } = await nextEntry(hub, hub.home.administratorSigner('ctd-kp'), {
      type: 'PrincipalSet',
      agency: agencyId('ctd-kp'),
      principal,
      kind: 'SYSTEM',
      suspended: false,
      clearance: 'RESTRICTED',
      jurisdictions: ['PK-KP'],
      caveats: [],
      roles: [],
    })
    return post(hub, caller, '/v1/directory/entries', { type: SIGNED_DIRECTORY_ENTRY_TYPE, bytes })
  },
}

export const ask = async (
  hub: TestHub,
  { token }: Caller,
  path: string,
  init: RequestInit,
): Promise<Outcome> => {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const headers = { ...authorization, ...(init.headers as Record<string, string> | undefined) }
  const { status, json } = await hub.request(path, { ...init, headers })
  const { code } = json
  return { status, code: typeof code === 'string' ? code : null }
}

const post = (
  hub: TestHub,
  caller: Caller,
  path: string,
  { type, bytes }: { readonly type: string; readonly bytes: Uint8Array },
): Promise<Outcome> =>
  ask(hub, caller, path, {
    method: 'POST',
    body: Buffer.from(bytes),
    headers: { 'content-type': type },
  })

/** Opens a stream; leaves it when it has given the alert, or all that it gives to others. */
const stream = async (hub: TestHub, { token }: Caller, givesAlert: boolean): Promise<Outcome> => {
  const url = `${hub.hub.url}/v1/feed/stream?from=earliest&kind=LOOKOUT`
  const reader = await StreamReader.open(
    url,
    token === null ? {} : { authorization: `Bearer ${token}` },
  )
  try {
    if (reader.status !== 200) {
      await reader.closed(20_000)
      const { code } = JSON.parse(reader.body)
      return { status: reader.status, code }
    }
    await reader.until(({ heartbeats }) => heartbeats > 0, 20_000)
    if (givesAlert) await reader.until(({ alertIds }) => alertIds.length > 0, 20_000)
    return { status: 200, code: null }
  } finally {
    reader.cut()
  }
}
