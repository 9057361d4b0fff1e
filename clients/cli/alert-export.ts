import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { readGenesisDigest } from '#adapters/files/home.ts'
import { EXIT, type ExitCode, type Given, type Io, UsageError } from '#clients/cli/command.ts'
import { flag, type Identity, optionalText, text } from '#clients/cli/identity.ts'
import { releaseToJson } from '#clients/cli/show-alert.ts'
import { verifyEvidence } from '#clients/sdk/evidence.ts'
import { exportAlert } from '#clients/sdk/export.ts'
import { isCaseReference, PURPOSE_CODES, type Purpose } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'

/** For a checkpoint that covers the record: a second export would be a second record. */
const CHECKPOINT_WAIT_MS = 60_000

/** Exports the alert into a file, which was verified as whoever gets it will verify it. */
export const exportByName = async (
  { session, log, home }: Identity,
  name: AlertName,
  { given, io }: { readonly given: Given; readonly io: Io },
): Promise<ExitCode> => {
  const purpose = purposeFrom(given)
  const out = text(given, 'out')
  // Asked before the hub is: else an export would be on record of which there is no file.
  if (existsSync(out)) throw new UsageError(`there is a file already: ${out}`)
  const { signal } = given
  const options = { purpose, signal, waitMs: CHECKPOINT_WAIT_MS }
  const exported = await exportAlert({ session, log }, name, options)
  if (!exported.ok) {
    io.out(`${JSON.stringify(releaseToJson(exported), null, 2)}\n`)
    return EXIT.unverified
  }
  const { evidence, record } = exported
  const genesisDigest = await readGenesisDigest(home)
  const deps = { genesisDigest, sha256, verify: verifySignature }
  const verdict = evidence === null ? null : await verifyEvidence(evidence, deps)
  if (evidence === null || verdict === null || !verdict.ok) {
    const why = verdict?.ok === false ? `does not verify: ${verdict.fault}` : 'is in no checkpoint'
    io.say(`the export is on record as leaf ${record.index}, but ${why}; nothing was written\n`)
    return EXIT.unverified
  }
  await writeFile(out, evidence, { flag: 'wx', mode: 0o600 })
  const recordIndex = record.index
  if (flag(given, 'json')) io.out(`${JSON.stringify({ ...name, recordIndex, out }, null, 2)}\n`)
  else io.out(`Exported: ${name.origin}/${name.id} to ${out}\n  record  leaf ${recordIndex}\n`)
  io.say('whoever has the genesis digest can verify it offline: rabta verify FILE\n')
  return EXIT.ok
}

const purposeFrom = (given: Given): Purpose => {
  const code = text(given, 'purpose')
  const known = PURPOSE_CODES.find((one) => one === code)
  if (known === undefined) throw new UsageError(`--purpose is ${PURPOSE_CODES.join(', ')}`)
  const caseReference = optionalText(given, 'case')
  if (caseReference === undefined || !isCaseReference(caseReference)) {
    throw new UsageError('--case must name the case, without spaces: FIR:12/2026')
  }
  return { code: known, caseReference }
}
