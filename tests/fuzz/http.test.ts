import { expect, test } from 'vitest'
import { faultOf, fuzzHttp } from '#tests/fuzz/http.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

test(`every answer of a hub to hostile requests is documented (FUZZ_SEED=${seed})`, async () => {
  const { findings, pastShare } = await fuzzHttp({ requests: 1_000, seed })
  expect(findings).toEqual([])
  expect(pastShare).toBeGreaterThan(0.05)
}, 240_000)

test('an answer that is none of the documented is seen', () => {
  const answer = (status: number, type: string, body: string) =>
    faultOf({ status, headers: new Map([['content-type', type]]), body: Buffer.from(body) })
  const problem = 'application/problem+json'
  expect(answer(404, problem, '{"code":"not-found"}')).toBe(null)
  expect(answer(500, problem, '{"code":"internal"}')).toBe('status 500')
  expect(answer(400, 'text/plain', 'no')).toBe('400 with text/plain')
  expect(answer(400, problem, '{"code":"constructor"}')).toBe('400 with no known code')
  expect(answer(400, problem, '{"code":"not-found"}')).toBe('not-found with 400')
  expect(faultOf('silent')).toBe('no answer')
})
