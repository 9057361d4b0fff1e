import { STATUS_CODES } from 'node:http'
import {
  type AnswerDoc,
  DOC_TAGS,
  type RegisteredRoute,
  type RouteDoc,
  type Schemas,
} from '#adapters/http/route-doc.ts'
import { REFUSALS, type RefusalCode } from '#core/refusal.ts'

/** JSON as it is written; the document is built of nothing else. */
type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** OpenAPI 3.1 of what was registered. Throws when two schemas share a title, or a route has no
 * word for a part of its path. */
export const openApiOf = (routes: readonly RegisteredRoute[]): JsonObject => {
  const components = new Components()
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    // HEAD is GET without a body, wherever GET is.
    if (route.doc === null || route.method === 'HEAD') continue
    const path = pathOf(route.url)
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(route, route.doc, components)
  }
  return {
    openapi: '3.1.1',
    info: INFO,
    servers: [{ url: '/', description: 'This hub.' }],
    tags: Object.entries(DOC_TAGS).map(([name, description]) => ({ name, description })),
    paths: sorted(paths),
    components: {
      schemas: sorted({ ...components.schemas, Problem: PROBLEM }),
      headers: { RequestId: REQUEST_ID, RetryAfter: RETRY_AFTER },
      securitySchemes: { token: TOKEN },
    },
  }
}

const INFO = {
  title: 'Rabta',
  version: '1',
  summary: 'Alerts between provinces, and a log of who read them.',
  description:
    'Times are milliseconds since 1970-01-01T00:00:00Z; bytes in JSON are base64, digests ' +
    'hexadecimal. Every error is a problem document (RFC 9457) with a `code` that is for ever. ' +
    'What you may not see is answered as what does not exist. 429 and 503 say when to come again.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
}

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'The access token of POST /v1/token: it says who calls and for which realm.',
}

const REQUEST_ID = {
  description: 'Tell it to the operator; access records of the request carry it.',
  schema: { type: 'string', format: 'uuid' },
}

const RETRY_AFTER = { description: 'Seconds.', schema: { type: 'string', pattern: '^\\d+$' } }

const PROBLEM = {
  type: 'object',
  title: 'Problem',
  description: 'RFC 9457. Texts may change, codes may not.',
  properties: {
    type: { type: 'string', format: 'uri', examples: ['urn:rabta:refusal:not-found'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(REFUSALS).sort() },
    detail: { type: 'string', description: 'Which field, byte or value; never content.' },
    reasons: { type: 'array', items: { type: 'string' }, description: 'The policy’s reasons.' },
    remedy: { type: 'string' },
    requestId: { type: 'string', format: 'uuid' },
  },
  required: ['type', 'title', 'status', 'code', 'remedy', 'requestId'],
  additionalProperties: false,
}

/** What any route may say, and any that asks for a token. */
const EVERY_ROUTE = [
  'request-invalid',
  'request-slow',
  'url-too-long',
  'encoding-unsupported',
  'headers-too-large',
  'internal',
] as const
const EVERY_CALLER = ['not-authenticated', 'directory-stale'] as const

/** `/a/:b/*` is `/a/{b}/{path}`: OpenAPI has no parameter with slashes, so the text says it. */
const pathOf = (url: string): string =>
  url.replaceAll(/:([A-Za-z]+)/g, '{$1}').replace(/\*$/, '{path}')

const operationOf = (route: RegisteredRoute, doc: RouteDoc, components: Components): JsonObject => {
  const parameters = parametersOf(route, doc, components)
  const { body, description, access, id, tag, summary } = doc
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'token' ? [{ token: [] }] : [],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: contentOf(body.content, components),
          },
        }),
    responses: responsesOf(doc, components),
  }
}

const parametersOf = (
  { url, params, query }: RegisteredRoute,
  doc: RouteDoc,
  components: Components,
): readonly JsonObject[] => {
  const inPath = { ...propertiesOf(params), ...jsonOf(doc.params ?? {}) }
  const inQuery = propertiesOf(query)
  const wanted = requiredOf(query)
  const path = [...pathOf(url).matchAll(/\{([A-Za-z]+)\}/g)].map(([, name = '']) => {
    const schema = inPath[name]
    if (schema === undefined) throw new Error(`${url} does not say what ${name} is`)
    return parameter('path', name, { schema, isRequired: true }, components)
  })
  const more = Object.entries(inQuery).map(([name, schema]) => {
    const isRequired = wanted.includes(name) && !hasDefault(schema)
    return parameter('query', name, { schema, isRequired }, components)
  })
  const headers = Object.entries(jsonOf(doc.headers ?? {})).map(([name, schema]) =>
    parameter('header', name, { schema, isRequired: false }, components),
  )
  // OpenAPI ignores a parameter named Accept: the media types of the answers say it.
  return [...path, ...more, ...headers.filter(({ name }) => name !== 'Accept')]
}

const parameter = (
  place: 'path' | 'query' | 'header',
  name: string,
  { schema, isRequired }: { readonly schema: Json; readonly isRequired: boolean },
  components: Components,
): JsonObject => {
  const { description, ...rest } = isObject(schema) ? schema : {}
  return {
    name,
    in: place,
    required: isRequired,
    ...(description === undefined ? {} : { description }),
    schema: components.hoist(rest),
  }
}

const responsesOf = (doc: RouteDoc, components: Components): JsonObject => {
  const callers = doc.access === 'token' ? EVERY_CALLER : []
  const codes = new Set<RefusalCode>([...EVERY_ROUTE, ...callers, ...doc.refusals])
  const byStatus = Map.groupBy([...codes].sort(), (code) => REFUSALS[code][0])
  const refusals = [...byStatus].map(
    ([status, ofStatus]) => [status, refusalAnswer(status, ofStatus)] as const,
  )
  const answers = Object.entries(doc.answers).map(
    ([status, answer]) => [Number(status), answerOf(answer, components)] as const,
  )
  return Object.fromEntries([...answers, ...refusals].sort(([a], [b]) => a - b))
}

const answerOf = (
  { description, headers = {}, content }: AnswerDoc,
  components: Components,
): JsonObject => {
  const own = Object.entries(jsonOf(headers)).map(([name, schema]) => {
    const { description: about, ...rest } = isObject(schema) ? schema : {}
    return [name, { ...(about === undefined ? {} : { description: about }), schema: rest }] as const
  })
  return {
    description,
    headers: { 'X-Request-Id': REQUEST_ID_REF, ...Object.fromEntries(own) },
    content: contentOf(content, components),
  }
}

const REQUEST_ID_REF = { $ref: '#/components/headers/RequestId' }

const refusalAnswer = (status: number, codes: readonly RefusalCode[]): JsonObject => ({
  description: [
    `${STATUS_CODES[status] ?? 'Refused'}.`,
    ...codes.map((code) => `\`${code}\`: ${REFUSALS[code][1]}`),
  ].join('\n'),
  headers: {
    'X-Request-Id': REQUEST_ID_REF,
    ...(status === 429 || status === 503
      ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
      : {}),
  },
  content: {
    'application/problem+json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { properties: { status: { const: status }, code: { enum: [...codes] } } },
        ],
      },
    },
  },
})

const contentOf = (content: Schemas, components: Components): JsonObject =>
  Object.fromEntries(
    Object.entries(jsonOf(content)).map(([type, schema]) => [
      type,
      { schema: components.hoist(schema) },
    ]),
  )

/** The schemas that have a title, each said once. */
class Components {
  readonly schemas: Record<string, Json> = {}

  /** The schema with every titled part replaced by a reference to its component. */
  hoist(schema: Json): Json {
    if (Array.isArray(schema)) return schema.map((one) => this.hoist(one))
    if (!isObject(schema)) return schema
    const entries = Object.entries(schema).map(([name, part]) => [name, this.hoist(part)] as const)
    const whole = Object.fromEntries(entries)
    const { title } = schema
    if (typeof title !== 'string') return whole
    const known = this.schemas[title]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(whole)) {
      throw new Error(`two schemas are called ${title}`)
    }
    this.schemas[title] = whole
    return { $ref: `#/components/schemas/${title}` }
  }
}

/** Without what TypeBox keeps beside the JSON of a schema. */
const jsonOf = (schemas: object): JsonObject => JSON.parse(JSON.stringify(schemas))

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const propertiesOf = (schema: object | null): JsonObject => {
  const { properties } = jsonOf(schema ?? {})
  return isObject(properties) ? properties : {}
}

const requiredOf = (schema: object | null): readonly Json[] => {
  const { required } = jsonOf(schema ?? {})
  return Array.isArray(required) ? required : []
}

const hasDefault = (schema: Json): boolean => isObject(schema) && schema['default'] !== undefined

const sorted = <T>(named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)))
