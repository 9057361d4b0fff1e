import { resolve } from 'node:path'
import { readFederation } from '#adapters/files/home.ts'
import { type ChildService, ServiceFailed, startService } from '#clients/cli/child-service.ts'
import { type Command, EXIT, type Io } from '#clients/cli/command.ts'
import { flag, text } from '#clients/cli/identity.ts'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the hub: gateway, router and audit in one process, on embedded storage.',
  words: '',
  wordsMin: 0,
  wordsMax: 0,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'The folder that rabta init made.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    listen: {
      type: 'string',
      value: 'HOST:PORT',
      help: 'Where to listen; beyond this machine only with TLS or --behind-proxy.',
      default: '127.0.0.1:8700',
      setting: 'RABTA_LISTEN',
    },
    'behind-proxy': {
      type: 'boolean',
      help: 'A proxy with TLS stands in front.',
      setting: 'RABTA_BEHIND_PROXY',
    },
  },
  examples: ['rabta serve', 'rabta serve --home /srv/rabta --listen 127.0.0.1:9000'],
  run: async (given, io) => {
    const home = resolve(text(given, 'home'))
    await readFederation(home)
    const settings = {
      RABTA_HOME: home,
      RABTA_LISTEN: text(given, 'listen'),
      RABTA_BEHIND_PROXY: flag(given, 'behind-proxy') ? 'yes' : 'no',
    }
    const hub = await startHub(settings, io)
    if (hub === null) return EXIT.notAll
    io.out(`The hub listens at ${hub.url}. Stop it with Ctrl-C.\n`)
    const ended = new Promise<void>((done) => hub.process.once('exit', () => done()))
    const stopped = new Promise<void>((done) => {
      io.signal.addEventListener('abort', () => done(), { once: true })
    })
    await Promise.race([ended, stopped])
    await hub.stop()
    return hub.process.exitCode === 0 ? EXIT.ok : EXIT.notAll
  },
}

/** Null when it did not start; why, its own lines have said. */
const startHub = async (
  settings: Readonly<Record<string, string>>,
  io: Io,
): Promise<ChildService | null> => {
  try {
    return await startService('hub', settings, (line) => io.say(`${line}\n`))
  } catch (error) {
    if (!(error instanceof ServiceFailed)) throw error
    io.say('rabta serve: the hub did not start\n')
    return null
  }
}
