import type { TSchema } from 'typebox'
import type { RefusalCode } from '#core/refusal.ts'

/**
 * What the OpenAPI document says of a route, beside the schemas by which Fastify validates its
 * query and body. It stands in the route's `config`, never in its `response` schema: from that one
 * Fastify would make a serialiser, which drops in silence what the schema does not name.
 */
export interface RouteDoc {
  /** The operation's id: what generated clients call it. */
  readonly id: string
  readonly tag: DocTag
  readonly summary: string
  readonly description?: string
  readonly access: 'public' | 'token'
  /** Of the path, where the route reads them itself: a schema by name. */
  readonly params?: Schemas
  /** Request headers that the route reads. */
  readonly headers?: Schemas
  readonly body?: BodyDoc
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>
  /** Beside those that every route, and every route with a token, has. */
  readonly refusals: readonly RefusalCode[]
}

export type Schemas = Readonly<Record<string, TSchema>>

export interface BodyDoc {
  readonly required: boolean
  /** By media type. */
  readonly content: Schemas
}

export interface AnswerDoc {
  readonly description: string
  readonly headers?: Schemas
  /** By media type. */
  readonly content: Schemas
}

/** In the order in which a reader meets them. */
export const DOC_TAGS = {
  Access: 'Who calls: a client assertion for a five-minute token.',
  Alerts: 'To publish, read and acknowledge alerts.',
  Feed: 'What a subscriber may read, as pages or as a live stream.',
  Directory: 'Who is who, as a chain of signed entries.',
  'Access log': 'Who did what: records, proofs, and the tree that they are leaves of.',
  Reference: 'What everyone may know: schemas, policy, this document.',
  Operation: 'For whoever runs the hub.',
} as const satisfies Record<string, string>
export type DocTag = keyof typeof DOC_TAGS

/** A route as Fastify registered it. */
export interface RegisteredRoute {
  readonly method: string
  readonly url: string
  /** By which Fastify validates; from a route's `schema`. */
  readonly params: TSchema | null
  readonly query: TSchema | null
  /** Null is a defect that a test looks for: a route that nobody is told of. */
  readonly doc: RouteDoc | null
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly doc?: RouteDoc
  }
  interface FastifyInstance {
    /** All that was registered so far, HEAD routes too. */
    readonly registeredRoutes: readonly RegisteredRoute[]
  }
}
