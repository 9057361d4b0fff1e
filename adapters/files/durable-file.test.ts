import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createFileDurably,
  makeFolderDurably,
  writeFileDurably,
  writeFilesDurably,
} from '#adapters/files/durable-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabta-files-'))
})
afterEach(() => rm(folder, { recursive: true }))

const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
const modeOf = async (name: string): Promise<number> =>
  (await stat(join(folder, name))).mode & 0o777

test('writes the content in place of the old, and leaves nothing aside', async () => {
  await writeFileDurably(join(folder, 'a'), 'a longer old content')
  await writeFileDurably(join(folder, 'a'), Uint8Array.of(0x6e, 0x65, 0x77))
  expect(await text('a')).toBe('new')
  expect(await readdir(folder)).toEqual(['a'])
})

test('writes more files than it has open at once, into folders that it makes', async () => {
  const files = Array.from({ length: 50 }, (_, n) => ({ name: `x/${n % 3}/${n}`, content: `${n}` }))
  await writeFilesDurably(folder, files)
  for (const { name, content } of files) expect(await text(name)).toBe(content)
  expect(await readdir(join(folder, 'x'))).toEqual(['0', '1', '2'])
})

test('gives the mode that was asked for, also to a file that had another', async () => {
  await writeFile(join(folder, 'a'), 'old', { mode: 0o644 })
  await writeFileDurably(join(folder, 'a'), 'new', 0o600)
  expect(await modeOf('a')).toBe(0o600)
})

test('what a crash left aside neither stops nor enters the next write', async () => {
  await writeFile(join(folder, 'a.tmp'), 'half a file, and readable by all', { mode: 0o644 })
  await writeFileDurably(join(folder, 'a'), 'new', 0o600)
  expect(await text('a')).toBe('new')
  expect(await modeOf('a')).toBe(0o600)
  expect(await readdir(folder)).toEqual(['a'])
})

test('does not write through a link that lies where it writes aside', async () => {
  await writeFile(join(folder, 'victim'), 'untouched')
  await symlink(join(folder, 'victim'), join(folder, 'a.tmp'))
  await writeFileDurably(join(folder, 'a'), 'new')
  expect(await text('victim')).toBe('untouched')
})

test('a write that fails keeps the old content and leaves nothing aside', async () => {
  await mkdir(join(folder, 'a'))
  await expect(writeFileDurably(join(folder, 'a'), 'new')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['a'])
})

test('one failure among many files is told, and the others are whole or not there', async () => {
  await mkdir(join(folder, 'bad'))
  const files = ['1', 'bad', '2'].map((name) => ({ name, content: 'new' }))
  await expect(writeFilesDurably(folder, files)).rejects.toThrow('bad')
  for (const name of ['1', '2']) expect(await text(name)).toBe('new')
})

test('creates a file once, and then leaves it alone', async () => {
  const path = join(folder, 'a')
  await createFileDurably(path, 'first', 0o600)
  await expect(createFileDurably(path, 'second', 0o600)).rejects.toThrow('EEXIST')
  expect(await text('a')).toBe('first')
  expect(await modeOf('a')).toBe(0o600)
  expect(await readdir(folder)).toEqual(['a'])
})

test('makes a folder with those above it, and does not mind that it is there', async () => {
  const deep = join(folder, 'x/y/z')
  await makeFolderDurably(deep, 0o700)
  await makeFolderDurably(deep, 0o700)
  expect(await modeOf('x/y/z')).toBe(0o700)
})
