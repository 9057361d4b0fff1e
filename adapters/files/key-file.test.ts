import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeyFile, isLoose, LoosePermissions, readKeyFile } from '#adapters/files/key-file.ts'
import { LIMITS } from '#core/limits.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

const PEM = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

test('a key comes back as it was written, in a file and folder of its owner alone', async () => {
  const path = join(folder, 'keys', 'signing.pem')
  await createKeyFile(path, PEM)
  expect(await readKeyFile(path)).toBe(PEM)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700)
})

test('a key is never written over', async () => {
  const path = join(folder, 'signing.pem')
  await createKeyFile(path, PEM)
  await expect(createKeyFile(path, 'another')).rejects.toThrow('EEXIST')
  expect(await readFile(path, 'utf8')).toBe(PEM)
})

test.each([0o640, 0o604, 0o620, 0o601, 0o644])(
  'a file of mode %o is refused with the remedy',
  async (mode) => {
    const path = join(folder, 'loose.pem')
    await writeFile(path, PEM)
    await chmod(path, mode)
    await expect(readKeyFile(path)).rejects.toThrow(LoosePermissions)
    await expect(readKeyFile(path)).rejects.toThrow(`chmod 600 ${path}`)
  },
)

test.each([0o600, 0o400])('a file of mode %o is read', async (mode) => {
  const path = join(folder, 'tight.pem')
  await writeFile(path, PEM)
  await chmod(path, mode)
  expect(await readKeyFile(path)).toBe(PEM)
})

test('on Windows the mode says nothing', () => {
  expect(isLoose(0o100666, 'win32')).toBe(false)
  expect(isLoose(0o100666, 'linux')).toBe(true)
})

test('a file that is missing, or too large for keys, is named', async () => {
  await expect(readKeyFile(join(folder, 'missing.pem'))).rejects.toThrow('missing.pem')
  const path = join(folder, 'large.pem')
  await writeFile(path, new Uint8Array(LIMITS.privateFileBytesMax + 1), { mode: 0o600 })
  await expect(readKeyFile(path)).rejects.toThrow('large.pem')
})
