import { Errors } from 'typebox/schema'
import { openApiOf } from '#adapters/http/openapi.ts'
import type { RegisteredRoute } from '#adapters/http/route-doc.ts'

interface Operation {
  readonly responses: Readonly<Record<string, Documented>>
}

interface Documented {
  readonly headers: Readonly<Record<string, { readonly $ref?: string; readonly schema?: object }>>
  readonly content: Readonly<Record<string, { readonly schema: object }>>
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** Holds answers against the OpenAPI document of the server that gave them. */
export class DocumentedAnswers {
  private readonly operations: readonly {
    readonly method: string
    readonly pattern: RegExp
    readonly operation: Operation
  }[]
  private readonly components: object

  constructor(routes: readonly RegisteredRoute[]) {
    const document = openApiOf(routes) as unknown as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
      readonly components: object
    }
    this.components = document.components
    // A path with fewer parts left open is the one that a server takes first.
    const paths = Object.entries(document.paths).sort(
      ([a], [b]) => a.split('{').length - b.split('{').length || b.length - a.length,
    )
    this.operations = paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        pattern: patternOf(path),
        operation,
      })),
    )
  }

  /** What the document does not say of this answer; empty when it says all of it. */
  faultsOf(method: string, url: string, answer: Answered): readonly string[] {
    const [path = ''] = url.split('?')
    const asked = method === 'HEAD' ? 'GET' : method
    const found = this.operations.find(
      (one) => one.method === asked && one.pattern.test(decoded(path)),
    )
    // An address that is no route's, or that a server cannot read, is in no document.
    if (found === undefined) return []
    const documented = found.operation.responses[String(answer.status)]
    if (documented === undefined) return [`status ${answer.status}`]
    return [
      ...this.headerFaults(documented, answer),
      ...this.bodyFaults(method, documented, answer),
    ]
  }

  private headerFaults({ headers }: Documented, answer: Answered): readonly string[] {
    return Object.entries(headers).flatMap(([name, { schema }]) => {
      const value = answer.headers.get(name)
      if (value === null) return [`no header ${name}`]
      return schema === undefined ? [] : this.errorsOf(schema, value).map((one) => `${name}${one}`)
    })
  }

  private bodyFaults(method: string, { content }: Documented, answer: Answered): string[] {
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';')
    const media = content[type]
    if (media === undefined) return [`media type ${type} with ${answer.status}`]
    if (method === 'HEAD' || !type.endsWith('json')) return []
    return this.errorsOf(media.schema, JSON.parse(Buffer.from(answer.bytes).toString()))
  }

  private errorsOf(schema: object, value: unknown): string[] {
    const [isRight, errors] = Errors({ components: this.components, ...schema }, value)
    return isRight ? [] : errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace('{path}', '.*')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  )

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}
