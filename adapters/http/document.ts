import type { FastifyInstance, RouteOptions } from 'fastify'
import { type TSchema, Type } from 'typebox'
import { closed, oneOf } from '#adapters/http/doc-schemas.ts'
import { DOCS_PAGE_POLICY, docsPageOf } from '#adapters/http/docs-page.ts'
import { openApiOf } from '#adapters/http/openapi.ts'
import type { RegisteredRoute, RouteDoc } from '#adapters/http/route-doc.ts'

/** Keeps note of every route that is registered from here on, and serves the document of them. */
export const addDocument = (app: FastifyInstance): void => {
  const routes: RegisteredRoute[] = []
  app.decorate('registeredRoutes', routes)
  app.addHook('onRoute', (route) => {
    routes.push(...registered(route))
  })
  const caching = 'public, max-age=300'
  // Made at the first request, when all routes are there.
  let made: { readonly json: string; readonly page: string } | null = null
  const make = () => {
    const document = openApiOf(routes)
    made ??= { json: `${JSON.stringify(document, null, 2)}\n`, page: docsPageOf(document) }
    return made
  }
  app.get('/v1/openapi.json', { config: { doc: DOCS.document } }, (_request, reply) =>
    reply
      .type('application/json')
      .header('cache-control', caching)
      .send((made ?? make()).json),
  )
  app.get('/v1/docs', { config: { doc: DOCS.page } }, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', caching)
      .header('content-security-policy', DOCS_PAGE_POLICY)
      .header('referrer-policy', 'no-referrer')
      .send((made ?? make()).page),
  )
}

const registered = ({ method, url, schema, config }: RouteOptions): readonly RegisteredRoute[] =>
  [method].flat().map((one) => ({
    method: one,
    url,
    params: (schema?.params as TSchema | undefined) ?? null,
    query: (schema?.querystring as TSchema | undefined) ?? null,
    doc: config?.doc ?? null,
  }))

const Health = closed(
  {
    status: oneOf(['ready', 'degraded', 'not ready']),
    checks: Type.Array(
      closed({ name: Type.String(), status: Type.String({ description: 'ok, or why not.' }) }),
    ),
  },
  'Health',
)

/** Of the routes that every server has. */
export const DOCS = {
  metrics: {
    id: 'getMetrics',
    tag: 'Operation',
    summary: 'What the process has counted',
    access: 'public',
    answers: {
      200: {
        description: 'Prometheus’ text format 0.0.4. Labels have closed sets of values.',
        content: { 'text/plain': Type.String() },
      },
    },
    refusals: [],
  },
  document: {
    id: 'getOpenApi',
    tag: 'Reference',
    summary: 'This document',
    access: 'public',
    answers: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': Type.Object({ openapi: Type.String() }) },
      },
    },
    refusals: [],
  },
  page: {
    id: 'getDocs',
    tag: 'Reference',
    summary: 'This document as a page to read',
    access: 'public',
    answers: {
      200: {
        description: 'HTML without scripts.',
        headers: { 'Content-Security-Policy': Type.Literal(DOCS_PAGE_POLICY) },
        content: { 'text/html': Type.String() },
      },
    },
    refusals: [],
  },
  live: {
    id: 'isLive',
    tag: 'Operation',
    summary: 'Whether the process answers',
    access: 'public',
    answers: {
      200: {
        description: 'It does.',
        content: { 'application/json': closed({ status: Type.Literal('live') }) },
      },
    },
    refusals: [],
  },
  ready: {
    id: 'isReady',
    tag: 'Operation',
    summary: 'Whether each function works, tried out',
    access: 'public',
    answers: {
      200: { description: 'All do.', content: { 'application/json': Health } },
      503: { description: 'One at least does not.', content: { 'application/json': Health } },
    },
    refusals: [],
  },
} as const satisfies Readonly<Record<string, RouteDoc>>
