import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile } from '#adapters/files/hash-file.ts'
import { BackupUnusable } from '#clients/cli/backup/backup-unusable.ts'
import {
  BACKUP_FILES,
  type BackupManifest,
  MANIFEST_FILE,
  parseManifest,
} from '#core/backup-manifest.ts'

/** The manifest of the backup in `folder`; rejects with `BackupUnusable` unless all files fit it. */
export const readBackup = async (folder: string): Promise<BackupManifest> => {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => {
    throw new BackupUnusable(`${folder} has no ${MANIFEST_FILE}: it is no backup, or half of one`)
  })
  const manifest = parseManifest(text)
  if (manifest === null) throw new BackupUnusable(`${folder}/${MANIFEST_FILE} is no manifest`)
  const names = manifest.files.map(({ name }) => name)
  const missing = Object.values(BACKUP_FILES).filter((name) => !names.includes(name))
  if (missing.length > 0) throw new BackupUnusable(`the manifest lacks ${missing.join(', ')}`)
  for (const { name } of manifest.files) await checkFile(manifest, name, join(folder, name))
  return manifest
}

/** Copies a file of the backup and holds what was written against the manifest. */
export const copyChecked = async (
  { manifest, folder }: { readonly manifest: BackupManifest; readonly folder: string },
  name: string,
  to: string,
): Promise<void> => {
  await copyFile(join(folder, name), to)
  await checkFile(manifest, name, to)
}

const checkFile = async (manifest: BackupManifest, name: string, path: string): Promise<void> => {
  const said = manifest.files.find((file) => file.name === name)
  const found = await hashFile(path).catch(() => null)
  if (found === null) throw new BackupUnusable(`${path} cannot be read`)
  if (found.bytes !== said?.bytes || found.sha256 !== said.sha256) {
    throw new BackupUnusable(`${path} is not what the manifest says: it was changed or damaged`)
  }
}
