import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { LIMITS } from '#core/limits.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-policy-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, data: string | Uint8Array): Promise<void> =>
  writeFile(join(folder, name), data)

describe('a policy folder', () => {
  it('gives the texts of its Cedar files as they are, and leaves out the others', async () => {
    await write('read.cedar', '// «پڑھنا»\n')
    await write('rabta.cedarschema', 'entity Agency;\n')
    await write('README.md', 'not a rule')
    await write('read.cedar.orig', 'not a rule')
    expect(await readPolicyFolder(folder)).toEqual({
      'rabta.cedarschema': 'entity Agency;\n',
      'read.cedar': '// «پڑھنا»\n',
    })
  })

  it('refuses bytes that are not UTF-8, which would not be in the digest', async () => {
    await write('read.cedar', Uint8Array.of(0x2f, 0x2f, 0xff, 0x0a))
    await expect(readPolicyFolder(folder)).rejects.toThrow(PolicyInvalid)
  })

  it('refuses a file that is too long, without reading it', async () => {
    await write('read.cedar', new Uint8Array(LIMITS.policyFileBytesMax + 1))
    await expect(readPolicyFolder(folder)).rejects.toThrow(/too long/)
  })

  it('refuses too many files', async () => {
    for (let n = 0; n <= LIMITS.policyFilesMax; n += 1) await write(`rules-${n}.cedar`, '')
    await expect(readPolicyFolder(folder)).rejects.toThrow(/too many files/)
  })

  it('fails when it is not there', async () => {
    await expect(readPolicyFolder(join(folder, 'gone'))).rejects.toThrow(/ENOENT/)
  })
})
