import { randomBytes } from '#adapters/crypto/random.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { type Command, EXIT } from '#clients/cli/command.ts'
import { alertFromDraft } from '#clients/cli/draft.ts'
import { flag, HUB_OPTIONS, identityFrom } from '#clients/cli/identity.ts'
import { readDraft } from '#clients/cli/read-draft.ts'
import { HubUnreachable } from '#clients/sdk/errors.ts'
import { publish } from '#clients/sdk/publish.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import type { AlertName } from '#core/alert.ts'
import { alertToJson } from '#core/alert-json.ts'
import { hex } from '#core/bytes.ts'
import { uuidFromRandom } from '#core/uuid.ts'

export const publishCommand: Command = {
  name: 'publish',
  summary: 'Sign a draft (a file, or - for standard input) with the agency’s key; publish it.',
  words: 'DRAFT',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    ...HUB_OPTIONS,
    'dry-run': { type: 'boolean', help: 'Show the alert that would be signed; send nothing.' },
  },
  examples: [
    'rabta publish docs/examples/draft.yaml --as ctd-kp/duty-officer',
    'rabta publish draft.json --as ctd-kp/duty-officer --dry-run',
  ],
  run: async (given, io) => {
    const { session, home } = await identityFrom(given)
    const { agency, realm } = session
    const alert = alertFromDraft(await readDraft(given), {
      origin: agency,
      realm,
      id: uuidFromRandom(randomBytes(16)),
      sentAtMs: Date.now(),
    })
    if (flag(given, 'dry-run')) {
      io.out(`${JSON.stringify(alertToJson(alert), null, 2)}\n`)
      return EXIT.ok
    }
    const paths = homePaths(home).agency(agency)
    const key = await readKeyFile(realm === 'live' ? paths.alertKey : paths.exerciseKey)
    const signed = await signAlert(alert, [openSigner(key)])
    const published = await publish(session, signed).catch((error: unknown) => {
      // Run again, the command would sign another alert with an id of its own.
      if (error instanceof HubUnreachable) io.say(`${outcomeUnknown(alert)}\n`)
      throw error
    })
    const { isNew, origin, id, digest, record } = published
    if (flag(given, 'json')) {
      const shown = { isNew, origin, id, digest: hex(digest), recordIndex: record.index }
      io.out(`${JSON.stringify(shown, null, 2)}\n`)
    } else {
      io.out(`${isNew ? 'Published' : 'Was there already'}: ${origin}/${id}\n`)
      io.out(`  digest  ${hex(digest)}\n  record  leaf ${record.index} of the access log\n`)
    }
    return EXIT.ok
  },
}

const outcomeUnknown = ({ origin, id }: AlertName): string =>
  `whether the hub took it is not known: rabta alert ${origin}/${id} --status, before trying again`
