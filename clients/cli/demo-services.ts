import { type ChildService, type ServiceName, startService } from '#clients/cli/child-service.ts'

export interface DemoServices {
  readonly gatewayUrl: string
  readonly auditUrl: string
  stop(): Promise<void>
}

/** Where the demonstration keeps its log: in its own folder, or in a Kafka cluster. */
export type DemoLog =
  | { readonly kind: 'sqlite' }
  | {
      readonly kind: 'kafka'
      readonly brokers: string
      readonly replication: string
      readonly topicPrefix: string
    }

export interface DemoPlace {
  readonly home: string
  readonly log: DemoLog
  /** Of the gateway, or of the hub; audit and router take the next two. 0: any that are free. */
  readonly port: number
}

/** One hub on embedded storage, or gateway, router and audit as three processes on Kafka. */
export const startDemoServices = async (
  { home, log, port }: DemoPlace,
  onLine: (line: string) => void,
): Promise<DemoServices> => {
  const listen = (at: number) => `127.0.0.1:${port === 0 ? 0 : at}`
  if (log.kind === 'sqlite') {
    const settings = { RABTA_HOME: home, RABTA_LISTEN: listen(port) }
    const hub = await startService('hub', settings, onLine)
    return { gatewayUrl: urlOf(hub), auditUrl: urlOf(hub), stop: () => hub.stop() }
  }
  const kafka = {
    RABTA_KAFKA_BROKERS: log.brokers,
    RABTA_KAFKA_REPLICATION: log.replication,
    RABTA_KAFKA_TOPIC_PREFIX: log.topicPrefix,
  }
  const started: ChildService[] = []
  const start = async (name: ServiceName, address: string) => {
    const at = { RABTA_HOME: home, RABTA_LISTEN: address }
    const service = await startService(name, { ...at, ...kafka }, onLine)
    started.push(service)
    return service
  }
  const stop = async (): Promise<void> => {
    for (const service of started.toReversed()) await service.stop()
  }
  try {
    // The audit service first: it begins the directory, for which the others would wait.
    const audit = await start('audit', listen(port + 1))
    const gateway = await start('gateway', listen(port))
    await start('router', listen(port + 2))
    return { gatewayUrl: urlOf(gateway), auditUrl: urlOf(audit), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const urlOf = ({ url }: ChildService): string => url ?? ''
