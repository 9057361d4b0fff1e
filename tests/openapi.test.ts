import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DOC_TAGS } from '#adapters/http/route-doc.ts'
import { buildAudit } from '#services/audit/app.ts'
import { buildGateway } from '#services/gateway/app.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly unknown[]
  readonly responses: Readonly<Record<string, unknown>>
}

let hub: TestHub
let text = ''
let operations: readonly (Operation & { readonly name: string })[] = []

beforeAll(async () => {
  hub = await openTestHub()
  const answer = await hub.request('/v1/openapi.json', {})
  text = Buffer.from(answer.bytes).toString()
  const paths = answer.json['paths'] as Record<string, Record<string, Operation>>
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ ...one, name: `${method} ${path}` })),
  )
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

describe('the OpenAPI document', () => {
  test('is the committed one (npm run openapi writes it anew)', async () => {
    await expect(text).toMatchFileSnapshot('../docs/openapi.json')
  })

  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(text))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  test('has every route that the hub has', () => {
    const { registeredRoutes } = hub.hub.app
    expect(registeredRoutes.length).toBeGreaterThan(20)
    const untold = registeredRoutes.filter(({ doc }) => doc === null)
    expect(untold.map(({ method, url }) => `${method} ${url}`)).toEqual([])
    const told = registeredRoutes.filter(({ method }) => method !== 'HEAD')
    expect(operations).toHaveLength(told.length)
  })

  test('gives each operation an id of its own, a summary, a tag, a success and refusals', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { name, summary, tags, security, responses } of operations) {
      expect(summary, name).not.toMatch(/^$|\.$/)
      expect(tags, name).toHaveLength(1)
      expect(Object.keys(DOC_TAGS), name).toContain(tags[0])
      const statuses = Object.keys(responses)
      expect(
        statuses.filter((status) => status.startsWith('2')),
        name,
      ).not.toEqual([])
      expect(statuses, name).toContain('400')
      if (security.length > 0) expect(statuses, name).toContain('401')
    }
  })

  test('is served by a gateway and an audit service too, each with its own routes', async () => {
    const apps = [buildGateway(hub.hub.gateway.deps, null), buildAudit(hub.hub.audit.deps, null)]
    const paths = await Promise.all(
      apps.map(async (app) => Object.keys((await app.inject('/v1/openapi.json')).json().paths)),
    )
    await Promise.all(apps.map((app) => app.close()))
    const [ofGateway = [], ofAudit = []] = paths
    expect(ofGateway).toContain('/v1/feed')
    expect(ofGateway).not.toContain('/v1/access-log/records')
    expect(ofAudit).not.toContain('/v1/feed')
    const all = Object.keys(JSON.parse(text).paths)
    expect([...new Set(paths.flat())].sort()).toEqual(all.sort())
  })

  test('points only at what it has', () => {
    const document = JSON.parse(text)
    const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(references.length).toBeGreaterThan(50)
    const missing = references.filter(
      (path) => path.split('/').reduce((at, part) => at?.[part], document) === undefined,
    )
    expect(missing).toEqual([])
  })
})

describe('the page of it', () => {
  test('shows every operation, without a script, under a policy that allows none', async () => {
    const page = await hub.request('/v1/docs', {})
    const html = Buffer.from(page.bytes).toString()
    for (const { operationId } of operations)
      expect(html).toContain(`<article id="${operationId}">`)
    expect(html).not.toMatch(/<script|\son[a-z]+=|javascript:|https?:\/\//i)
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; /)
  })
})
