import { cpSync, rmSync } from 'node:fs'
import { openKafka } from '#adapters/kafka/open-kafka.ts'
import { type ChildService, type ServiceName, startService } from '#clients/cli/child-service.ts'
import { openIdentity } from '#clients/cli/identity.ts'
import type { Session } from '#clients/sdk/session.ts'
import { hex } from '#core/bytes.ts'
import { kafkaFrom } from '#core/kafka-settings.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { isPrincipalId } from '#core/principal.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

/** Services of one federation, each a process of its own, that meet in a Kafka cluster. */
export class ServiceProcesses implements AsyncDisposable {
  readonly home: TemporaryHome
  readonly #settings: Readonly<Record<string, string>>
  readonly #homes: string[] = []
  readonly #started: Promise<ChildService>[] = []

  private constructor(home: TemporaryHome, settings: Readonly<Record<string, string>>) {
    this.home = home
    this.#settings = settings
  }

  static async open(brokers: readonly string[]): Promise<ServiceProcesses> {
    const home = await makeTemporaryHome()
    return new ServiceProcesses(home, {
      RABTA_KAFKA_BROKERS: brokers.join(','),
      RABTA_KAFKA_REPLICATION: '1',
      RABTA_KAFKA_TOPIC_PREFIX: `test.${hex(home.founding.genesisDigest).slice(0, 16)}.`,
      RABTA_LISTEN: '127.0.0.1:0',
    })
  }

  /** Starts a service on a machine of its own: the same keys, other data. Its address. */
  async start(
    name: ServiceName,
  ): Promise<{ readonly url: string; readonly service: ChildService }> {
    const home = `${this.home.home}-${this.#homes.length}`
    cpSync(this.home.home, home, { recursive: true })
    this.#homes.push(home)
    const settings = { ...this.#settings, RABTA_HOME: home }
    const started = startService(name, settings, () => undefined)
    this.#started.push(started)
    const service = await started
    if (service.url === null) throw new Error(`the ${name} does not listen`)
    return { url: service.url, service }
  }

  /** What the services have in the cluster. */
  openLog(): Promise<MessageLog> {
    const onAlarm = () => undefined
    return openKafka(kafkaFrom(this.#settings), { clientId: 'rabta-test', onAlarm })
  }

  async session(principal: string, gatewayUrl: string): Promise<Session> {
    if (!isPrincipalId(principal)) throw new RangeError(principal)
    const { home } = this.home
    const { session } = await openIdentity({ home, principal, realm: 'live', gatewayUrl })
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await Promise.allSettled(this.#started)
    await Promise.all(started.map((one) => one.status === 'fulfilled' && one.value.stop()))
    for (const home of this.#homes) rmSync(home, { recursive: true, force: true })
    this.home.remove()
  }
}
