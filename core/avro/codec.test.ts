import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'

test('a codec knows its canonical form and fingerprint', () => {
  const codec = compileCodec({ type: 'null', doc: 'nothing' })
  expect(codec.canonicalForm).toBe('"null"')
  expect(codec.fingerprint).toBe('63dd24e7cc258f8a')
})

test('works where code from strings is forbidden, as under a strict browser policy', () => {
  const script = `
    import { compileCodec } from ${JSON.stringify(new URL('codec.ts', import.meta.url).href)}
    let forbidden = false
    try { new Function('return 1')() } catch { forbidden = true }
    const codec = compileCodec({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] })
    console.log(forbidden, JSON.stringify(codec.read(codec.write({ a: 7 }))))`
  const child = spawnSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  expect(child.stdout.trim()).toBe('true {"ok":true,"value":{"a":7}}')
})
