import { writeFile } from 'node:fs/promises'
import { exportByName } from '#clients/cli/alert-export.ts'
import { alertNameFrom } from '#clients/cli/alert-name.ts'
import { type Command, EXIT, type Given, type Io, UsageError } from '#clients/cli/command.ts'
import { flag, HUB_OPTIONS, identityFrom, optionalText } from '#clients/cli/identity.ts'
import { releaseToJson } from '#clients/cli/show-alert.ts'
import { recalledText } from '#clients/cli/shown-recalls.ts'
import { acknowledge } from '#clients/sdk/acknowledge.ts'
import { readAlert } from '#clients/sdk/read.ts'
import type { Session } from '#clients/sdk/session.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import { PURPOSE_CODES } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'
import { alertToJson } from '#core/alert-json.ts'
import { hex } from '#core/bytes.ts'

export const alertCommand: Command = {
  name: 'alert',
  summary:
    'Read one alert, verified; acknowledge or export it; or, for its originator, see where it stands.',
  words: '[ack|export] ORIGIN/ID',
  wordsMin: 1,
  wordsMax: 2,
  options: {
    ...HUB_OPTIONS,
    status: { type: 'boolean', help: 'Its status instead: accepted, routed or dead-lettered.' },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'Also write the signed bytes, as they came; export: where to write the evidence.',
    },
    case: { type: 'string', value: 'REFERENCE', help: 'export: for which case, e.g. FIR:12/2026.' },
    purpose: {
      type: 'string',
      value: 'CODE',
      help: 'export: what for.',
      default: 'PROSECUTION',
      oneOf: PURPOSE_CODES,
    },
  },
  examples: [
    'rabta alert ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as nacta/coordinator',
    'rabta alert ack ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as nacta/coordinator',
    'rabta alert ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as ctd-kp/duty-officer --status',
    'rabta alert export ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --case FIR:12/2026 --out 12.json',
  ],
  run: async (given, io) => {
    const [first = '', second] = given.words
    const name = alertNameFrom(second ?? first)
    if (second !== undefined && first !== 'ack' && first !== 'export') {
      throw new UsageError(`rabta alert takes ${alertCommand.words}`)
    }
    const who = await identityFrom(given)
    const { session, recalled } = who
    if (second !== undefined && first === 'export') return exportByName(who, name, { given, io })
    if (second !== undefined) return acknowledgeByName(session, name, { given, io })
    if (flag(given, 'status')) {
      const status = await alertStatus(session, name)
      io.out(`${JSON.stringify({ ...status, digest: hex(status.digest) }, null, 2)}\n`)
      return EXIT.ok
    }
    const by = await recalled.recallOfName(name)
    if (by !== null) io.say(recalledText(name, by))
    const release = await readAlert(session, name)
    const out = optionalText(given, 'out')
    if (release.ok && out !== undefined) await writeFile(out, release.signedAlert, { flag: 'wx' })
    if (!release.ok || flag(given, 'json')) {
      io.out(`${JSON.stringify(releaseToJson(release), null, 2)}\n`)
      return release.ok ? EXIT.ok : EXIT.unverified
    }
    io.out(`${JSON.stringify(alertToJson(release.alert), null, 2)}\n`)
    io.say(`signature, stamp and record verified; this reading is leaf ${release.record.index}\n`)
    return EXIT.ok
  },
}

const acknowledgeByName = async (
  session: Session,
  name: AlertName,
  { given, io }: { readonly given: Given; readonly io: Io },
) => {
  const { origin, id, digest, record } = await acknowledge(session, { ...name, digest: null })
  if (flag(given, 'json')) {
    const shown = { origin, id, digest: hex(digest), recordIndex: record.index }
    io.out(`${JSON.stringify(shown, null, 2)}\n`)
  } else {
    io.out(`Acknowledged: ${origin}/${id}\n`)
    io.out(`  digest  ${hex(digest)}\n  record  leaf ${record.index} of the access log\n`)
  }
  return EXIT.ok
}
