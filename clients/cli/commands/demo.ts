import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { randomBytes } from '#adapters/crypto/random.ts'
import { type Command, EXIT, type Given, type Io, UsageError } from '#clients/cli/command.ts'
import { initHome } from '#clients/cli/commands/init.ts'
import { type DemoBroker, startDemoBroker } from '#clients/cli/demo-broker.ts'
import { copyOf, damageACopy } from '#clients/cli/demo-damage.ts'
import { type DemoLog, type DemoPlace, startDemoServices } from '#clients/cli/demo-services.ts'
import { playDemo, verifyAfterwards } from '#clients/cli/demo-story.ts'
import { count, flag, optionalText, text } from '#clients/cli/identity.ts'
import { hex } from '#core/bytes.ts'

export const demoCommand: Command = {
  name: 'demo',
  summary:
    'Watch CTDs publish, a coordinator receive, a reader be refused, and an auditor prove it.',
  words: '',
  wordsMin: 0,
  wordsMax: 0,
  options: {
    once: { type: 'boolean', help: 'End after the story instead of staying up.' },
    home: {
      type: 'string',
      value: 'DIR',
      help: 'A new folder to keep; a temporary one without it.',
    },
    port: { type: 'string', value: 'N', help: 'Where to listen on 127.0.0.1.', default: '8700' },
    log: {
      type: 'string',
      value: 'KIND',
      help: 'sqlite, or kafka: three processes.',
      oneOf: ['sqlite', 'kafka'],
      default: 'sqlite',
    },
    'kafka-brokers': {
      type: 'string',
      value: 'HOST:PORT',
      help: 'For --log kafka; else RABTA_KAFKA_BROKERS, else a container is started.',
    },
    'kafka-replication': { type: 'string', value: 'N', help: 'For --log kafka.', default: '1' },
    verbose: { type: 'boolean', help: 'Show the services’ log lines.' },
  },
  examples: ['rabta demo', 'rabta demo --once', 'rabta demo --once --log=kafka'],
  run: async (given, io) => {
    const isKept = optionalText(given, 'home') !== undefined
    const { log, broker } = await openLog(given, io)
    await using _broker = broker
    const place = placeFrom(given, log)
    const { home } = place
    using _cleanup = isKept ? null : { [Symbol.dispose]: () => removeFolders(home) }
    await initHome(home, {
      federation: 'Rabta demonstration (invented)',
      logName: 'hub.rabta.example/access',
      issuer: 'https://hub.rabta.example',
    })
    const onLine = (line: string) => (flag(given, 'verbose') ? io.say(`  ${line}\n`) : undefined)
    const services = await startDemoServices(place, onLine)
    const told = await playDemo({ home, ...services, io }).finally(() => services.stop())
    await verifyAfterwards(told, { home, io })
    const isNoticed = await damageACopy(told, { ...place, io })
    const isWell = told.isAsExpected && isNoticed
    if (!flag(given, 'once') && isWell) await stayUp(place, io, onLine)
    return isWell ? EXIT.ok : EXIT.unverified
  },
}

/** The temporary home and its damaged copy. */
const removeFolders = (home: string): void => {
  for (const folder of [home, copyOf(home)]) rmSync(folder, { recursive: true, force: true })
}

const placeFrom = (given: Given, log: DemoLog): DemoPlace => {
  const kept = optionalText(given, 'home')
  const home = kept === undefined ? mkdtempSync(join(tmpdir(), 'rabta-demo-')) : resolve(kept)
  // With --once nobody else is to find it, so any free port will do.
  const port = flag(given, 'once') ? 0 : count(given, 'port')
  return { home, port, log }
}

/** The log, and the broker that was started for it. */
const openLog = async (
  given: Given,
  io: Io,
): Promise<{ readonly log: DemoLog; readonly broker: DemoBroker | null }> => {
  const kind = text(given, 'log')
  if (kind === 'sqlite') return { log: { kind }, broker: null }
  if (kind !== 'kafka') throw new UsageError('--log must be sqlite or kafka')
  const named = optionalText(given, 'kafka-brokers') ?? process.env['RABTA_KAFKA_BROKERS']
  const broker = named === undefined ? await startDemoBroker(io) : null
  const brokers = named ?? broker?.brokers ?? ''
  const replication = text(given, 'kafka-replication')
  // Each demonstration is a new federation, and the cluster may have seen one before.
  const topicPrefix = `rabta-demo-${hex(randomBytes(4))}.`
  io.say(`the topics are at ${brokers}; their names begin with ${topicPrefix}\n`)
  return { log: { kind, brokers, replication, topicPrefix }, broker }
}

const stayUp = async (place: DemoPlace, io: Io, onLine: (line: string) => void): Promise<void> => {
  const services = await startDemoServices(place, onLine)
  const at = `--home ${place.home} --gateway ${services.gatewayUrl} --audit ${services.auditUrl}`
  io.out(
    [
      '',
      `The hub is up again at ${services.gatewayUrl}. Try, in another terminal:`,
      `  bin/rabta feed --as ctd-punjab/analyst ${at}`,
      `  bin/rabta access-log search --as nacta/national-auditor ${at}`,
      'Ctrl-C ends it.',
      '',
    ].join('\n'),
  )
  await new Promise<void>((done) => {
    if (io.signal.aborted) done()
    io.signal.addEventListener('abort', () => done(), { once: true })
  })
  await services.stop()
}
