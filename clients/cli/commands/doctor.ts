import { randomBytes } from '#adapters/crypto/random.ts'
import { type Command, EXIT } from '#clients/cli/command.ts'
import { exitOf, type Finding, fail, skip } from '#clients/cli/doctor/finding.ts'
import { homeFindings } from '#clients/cli/doctor/home-checks.ts'
import { hubFindings } from '#clients/cli/doctor/hub-checks.ts'
import { publishFinding } from '#clients/cli/doctor/publish-check.ts'
import { failureOf } from '#clients/cli/failure.ts'
import { flag, HUB_OPTIONS, identityFrom, optionalText, text } from '#clients/cli/identity.ts'
import { uuidFromRandom } from '#core/uuid.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Try what has to work: folder, keys, clock, hub, directory, log; say what to do.',
  words: '',
  wordsMin: 0,
  wordsMax: 0,
  options: {
    ...HUB_OPTIONS,
    publish: {
      type: 'boolean',
      help: 'Also publish, read and acknowledge an alert in the exercise realm, for yourself.',
    },
  },
  examples: [
    'rabta doctor --as ctd-kp/duty-officer',
    'rabta doctor --as ctd-kp/duty-officer --publish --json',
    'rabta doctor --home /srv/rabta',
  ],
  run: async (given, io) => {
    const findings: Finding[] = []
    const show = (all: readonly Finding[]): void => {
      findings.push(...all)
      if (!flag(given, 'json')) for (const one of all) io.out(lineOf(one))
    }
    show(await homeFindings(text(given, 'home'), Date.now()))
    if (optionalText(given, 'as') === undefined) {
      show([skip('hub', 'give --as AGENCY/NAME to try the hub too')])
    } else {
      show(await asPrincipal(given))
    }
    const exit = exitOf(findings)
    if (flag(given, 'json')) {
      const shown = findings.map(({ check, state, what, remedy }) => ({
        check,
        state,
        what,
        remedy,
      }))
      io.out(`${JSON.stringify({ isWell: exit === EXIT.ok, findings: shown }, null, 2)}\n`)
    }
    return exit
  },
}

const asPrincipal: (given: Parameters<Command['run']>[0]) => Promise<readonly Finding[]> = async (
  given,
) => {
  try {
    const findings = await hubFindings(await identityFrom(given))
    const hasFailed = findings.some(({ state }) => state === 'fail')
    if (!flag(given, 'publish')) return findings
    if (hasFailed) return [...findings, skip('publish', 'not tried: first what failed')]
    const options = { ...given.options, realm: 'exercise' }
    const who = await identityFrom({ ...given, options })
    await who.session.directory.catchUp()
    return [...findings, await publishFinding(who, uuidFromRandom(randomBytes(16)))]
  } catch (error) {
    const { text: what, exit } = failureOf(error)
    return [fail('identity', what, 'is the principal’s key in --home, and --as right?', exit)]
  }
}

/** One line, and what to do in the next. */
const lineOf = ({ check, state, what, remedy }: Finding): string => {
  const line = `${state.padEnd(4)}  ${check.padEnd(18)}  ${what}\n`
  return remedy === null ? line : `${line}${' '.repeat(26)}→ ${remedy}\n`
}
