import { openApiOf } from '#adapters/http/openapi.ts'
import { concatBytes, hex, utf8 } from '#core/bytes.ts'
import { SCHEMAS_BY_FINGERPRINT } from '#core/codecs.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import type { Random } from '#tests/fuzz/random.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { signed, type TestHub } from '#tests/test-hub.ts'

/** A request that is right, in its parts. */
interface Template {
  readonly method: string
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

export interface MadeRequest {
  readonly route: string
  readonly bytes: Uint8Array
  /** Its framing is right, so the connection can go on behind it. */
  readonly isFramed: boolean
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
}

const CALLERS = [
  'ctd-kp/duty-officer',
  'ctd-kp/feed-system',
  'nacta/coordinator',
  'nacta/national-auditor',
  'ctd-kp/security-officer',
]

/** One right request of each route of the OpenAPI document and of each caller. */
export const templatesOf = async (hub: TestHub): Promise<readonly Template[]> => {
  const alert = sampleAlert()
  const body = await signed(alert, hub.home.alertSigner('ctd-kp'))
  await hub.publish(body, 'ctd-kp/feed-system')
  await hub.settled()
  const values: Readonly<Record<string, string>> = {
    origin: 'ctd-kp',
    id: alert.id,
    index: '1',
    path: '000.p/1',
    digest: hex(hub.hub.gateway.deps.policy.digest),
    fingerprint: [...SCHEMAS_BY_FINGERPRINT.keys()][0] ?? '',
    from: '0',
    to: '4000000000000',
    before: '5',
    limit: '10',
    jurisdiction: 'PK-KP',
    classification: 'RESTRICTED',
    precedence: 'PRIORITY',
    kind: 'INFORMATION_REPORT',
    agency: 'ctd-kp',
    principal: 'ctd-kp/duty-officer',
    action: 'PUBLISH',
    outcome: 'ALLOWED',
    'Rabta-Purpose': 'INVESTIGATION; case="12/2026"',
    'Last-Event-ID': 'AAAA',
  }
  const { label } = alert
  const bodies: Readonly<Record<string, Uint8Array>> = {
    'application/json': utf8(JSON.stringify({ label })),
    'application/vnd.rabta.signed-alert+avro': body,
    'application/vnd.rabta.signed-directory-entry+avro': hub.home.founding.entries[4] ?? body,
    'application/x-www-form-urlencoded': utf8(
      'grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c&scope=live',
    ),
  }
  const tokens = await Promise.all(CALLERS.map((principal) => hub.token(principal)))
  const { paths } = openApiOf(hub.hub.app.registeredRoutes) as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      tokens.map((token) => templateOf({ path, method, operation, token, values, bodies })),
    ),
  )
}

const templateOf = (from: {
  readonly path: string
  readonly method: string
  readonly operation: Operation
  readonly token: string
  readonly values: Readonly<Record<string, string>>
  readonly bodies: Readonly<Record<string, Uint8Array>>
}): Template => {
  const { values, operation } = from
  const given = (kind: string) =>
    (operation.parameters ?? [])
      .filter((parameter) => parameter.in === kind)
      .map(({ name }) => [name, values[name] ?? ''] as const)
  const [type] = Object.keys(operation.requestBody?.content ?? {})
  const body = type === undefined ? new Uint8Array(0) : (from.bodies[type] ?? new Uint8Array(0))
  return {
    method: from.method.toUpperCase(),
    path: from.path.replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? ''),
    query: given('query'),
    headers: [
      ['host', '127.0.0.1'],
      ['authorization', `Bearer ${from.token}`],
      ...(type === undefined ? [] : [['content-type', type] as const]),
    ],
    body,
  }
}

const ODD_HEADERS = [
  ['accept', 'application/json'],
  ['accept', '*/*;q=0, text/csv'],
  ['content-encoding', 'gzip'],
  ['expect', '100-continue'],
  ['if-none-match', '*'],
  ['range', 'bytes=0-1'],
  ['rabta-purpose', 'INVESTIGATION; case="12/2026"'],
  ['rabta-purpose', 'NONE'],
  ['last-event-id', 'AAAA'],
  ['x-forwarded-for', '::1'],
  ['x-http-method-override', 'DELETE'],
  ['cookie', '__proto__=1'],
  ['authorization', 'Basic AAAA'],
  ['content-type', 'text/html; charset=utf-7'],
] as const
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'get']
const ODD_SEGMENTS = ['..', '%2e%2e', '%00', '%', '%ff', '__proto__', '%F0%9F%98%80', '', '*']

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const mutantText = (given: string, random: Random): string => text(mutant([utf8(given)], random))

type Change = (template: Template, random: Random) => Template

const withPath: Change = (template, random) => {
  const segments = template.path.split('/')
  const at = 1 + random.below(segments.length - 1)
  const segment = random.chance(0.5)
    ? random.pick(ODD_SEGMENTS)
    : encodeURIComponent(mutantText(segments[at] ?? '', random))
  return { ...template, path: segments.with(at, segment).join('/') }
}

const withQuery: Change = (template, random) => {
  const { query } = template
  const at = random.below(query.length + 1)
  const [name, value] = query[at] ?? ['__proto__', '1']
  const other = [name, mutantText(value, random)] as const
  const changed = random.chance(0.5) ? query.toSpliced(at, 1, other) : [...query, other]
  return { ...template, query: random.chance(0.2) ? query.toSpliced(at, 1) : changed }
}

const withHeader: Change = (template, random) => {
  const { headers } = template
  const odd = random.pick(ODD_HEADERS)
  if (random.chance(0.5)) return { ...template, headers: [...headers, odd] }
  const at = random.below(headers.length)
  const [name, value] = headers[at] ?? odd
  // A line break would be another header, which is another fault: of framing.
  const changed = mutantText(value, random).replaceAll(/[\r\n\0]/g, ' ')
  return { ...template, headers: headers.with(at, [name, changed]) }
}

const withBody: Change = (template, random) => ({
  ...template,
  body: mutant([template.body], random),
})

const CHANGES: readonly Change[] = [
  withPath,
  withQuery,
  withQuery,
  withHeader,
  withBody,
  withBody,
  (template, random) => ({ ...template, method: random.pick(METHODS) }),
]

/** A right request with one to three things changed in it, or some of its bytes. */
export const requestFrom = (templates: readonly Template[], random: Random): MadeRequest => {
  let template = random.pick(templates)
  const route = `${template.method} ${template.path.replace(/[0-9a-f]{8}-[-0-9a-f]+/, '{id}')}`
  for (let left = 1 + random.below(2); left > 0; left -= 1) {
    template = random.pick(CHANGES)(template, random)
  }
  const bytes = written(template)
  if (random.chance(0.9)) return { route, bytes, isFramed: template.method !== 'HEAD' }
  return { route, bytes: mutant([bytes], random), isFramed: false }
}

const written = ({ method, path, query, headers, body }: Template): Uint8Array => {
  const asked = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  const target = asked === '' ? path : `${path}?${asked}`
  const length = body.length > 0 || method === 'POST' ? [`content-length: ${body.length}`] : []
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map((one) => one.join(': ')), ...length]
  return concatBytes(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body)
}
