import { createHash } from 'node:crypto'
import type { JsonObject } from '#adapters/http/openapi.ts'

/**
 * The OpenAPI document as a page to read: plain HTML without a script, so that the strictest
 * content security policy holds and nothing of it comes from elsewhere.
 */
export const docsPageOf = (document: JsonObject): string => {
  const { info, tags, paths, components } = document as unknown as Document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name))
    return { name, description, own }
  })
  const contents = sections.map(
    ({ name, own }) => `<li>${text(name)}<ul>${own.map(entry).join('')}</ul></li>`,
  )
  const chapters = sections.map(
    ({ name, description, own }) =>
      `<section><h2>${text(name)}</h2><p>${text(description)}</p>` +
      `${own.map(article).join('')}</section>`,
  )
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<article id="schema-${text(name)}"><h3>${text(name)}</h3>${shown(schema)}</article>`,
  )
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${text(info.title)}: the HTTP interface</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${text(info.title)}: the HTTP interface</h1><p>${text(info.summary)}</p>`,
    `<p>${text(info.description)}</p><p>For programs: <a href="openapi.json">openapi.json</a></p>`,
    `</header><nav><ul>${contents.join('')}<li><a href="#schemas">Schemas</a></li></ul></nav>`,
    '<main>',
    ...chapters,
    `<section id="schemas"><h2>Schemas</h2>${schemas.join('')}</section></main></body></html>\n`,
  ].join('')
}

interface Document {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly security: readonly unknown[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, Response>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: unknown
}

interface Response {
  readonly description: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly content: Content
}

type Content = Readonly<Record<string, { readonly schema: unknown }>>

interface Placed {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

const entry = ({ method, path, operation }: Placed): string =>
  `<li><a href="#${text(operation.operationId)}">${name(method, path)}</a></li>`

const name = (method: string, path: string): string =>
  `<code>${method.toUpperCase()} ${text(path)}</code>`

const article = ({ method, path, operation }: Placed): string => {
  const { operationId, summary, description = '', security, parameters = [] } = operation
  return [
    `<article id="${text(operationId)}"><h3>${name(method, path)}</h3>`,
    `<p><strong>${text(summary)}.</strong> ${text(description)}</p>`,
    `<p>${security.length === 0 ? 'For everyone.' : 'With an access token.'}</p>`,
    parameters.length === 0 ? '' : parameterTable(parameters),
    bodyOf(operation),
    '<table><caption>Answers</caption>',
    ...Object.entries(operation.responses).map(answerRow),
    '</table></article>',
  ].join('')
}

const parameterTable = (parameters: readonly Parameter[]): string => {
  const rows = parameters.map(
    ({ name, in: place, required, description = '', schema }) =>
      `<tr><th scope="row"><code>${text(name)}</code></th>` +
      `<td>${place}${required ? ', required' : ''}</td>` +
      `<td>${text(description)}${shown(schema)}</td></tr>`,
  )
  return `<table><caption>Parameters</caption>${rows.join('')}</table>`
}

const bodyOf = ({ requestBody }: Operation): string =>
  requestBody === undefined
    ? ''
    : `<table><caption>Body${requestBody.required ? '' : ' (optional)'}</caption>` +
      `${contentRows(requestBody.content)}</table>`

const contentRows = (content: Content): string =>
  Object.entries(content)
    .map(
      ([type, { schema }]) =>
        `<tr><th scope="row"><code>${text(type)}</code></th><td>${shown(schema)}</td></tr>`,
    )
    .join('')

const answerRow = ([status, { description, headers, content }]: readonly [
  string,
  Response,
]): string => {
  const isRefusal = Object.hasOwn(content, 'application/problem+json')
  const names = Object.keys(headers).map((name) => `<code>${text(name)}</code>`)
  const lines = description.split('\n').map((line) => `<p>${withCode(line)}</p>`)
  const body = isRefusal ? '' : `<table>${contentRows(content)}</table>`
  return (
    `<tr><th scope="row">${text(status)}</th><td>${lines.join('')}${body}` +
    `<p>Headers: ${names.join(', ')}</p></td></tr>`
  )
}

/** A schema as JSON; a reference as a link to where it is. */
const shown = (schema: unknown): string => {
  const json = text(JSON.stringify(schema, null, 2) ?? '')
  const reference = /&quot;\$ref&quot;: &quot;#\/components\/schemas\/([A-Za-z]+)&quot;/g
  return `<pre>${json.replaceAll(reference, '<a href="#schema-$1">$1</a>')}</pre>`
}

const withCode = (line: string): string => text(line).replaceAll(/`([^`]*)`/g, '<code>$1</code>')

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const text = (raw: string): string => raw.replaceAll(/[&<>"']/g, (one) => ESCAPES[one] ?? '')

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem 1.5rem}',
  'nav ul{list-style:none;padding-left:1rem}',
  'nav>ul{padding:0;columns:22rem}nav li{break-inside:avoid}',
  'h2{margin-top:3rem;border-bottom:2px solid}article{margin:2rem 0}',
  'table{border-collapse:collapse;width:100%;margin:.5rem 0}',
  'caption{text-align:left;font-weight:600}',
  'th,td{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}',
  'th{white-space:nowrap;font-weight:400}td p{margin:.1rem 0}',
  'pre{margin:.2rem 0;white-space:pre-wrap;font-size:.85rem}',
  'code,pre{font-family:ui-monospace,monospace;overflow-wrap:anywhere}',
].join('')

const styleHash = createHash('sha256').update(STYLE).digest('base64')

export const DOCS_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
