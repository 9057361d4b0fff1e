import type { FastifyInstance } from 'fastify'
import type { AccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import type { PrincipalSet } from '#core/directory/entry.ts'
import { buildGateway } from '#services/gateway/app.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { enter } from '#tests/directory-entries.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
export const COORDINATOR = 'nacta/coordinator'
export const LIAISON = 'nacta/liaison'

interface OpenOptions {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly url?: string
}

/** A hub with live streams open, all of which end with it. */
export class StreamHub {
  readonly hub: TestHub
  readonly opened: StreamReader[] = []
  private readonly gateways: FastifyInstance[] = []

  constructor(hub: TestHub) {
    this.hub = hub
  }

  async close(): Promise<void> {
    for (const reader of this.opened) reader.cut()
    for (const gateway of this.gateways) await gateway.close()
    await this.hub.close()
    this.hub.home.remove()
  }

  /** A stream from now on, without other options. */
  async open(principal: string, options: OpenOptions = {}): Promise<StreamReader> {
    const { query = '?from=now', headers = {}, url = this.hub.hub.url ?? '' } = options
    const authorization = `Bearer ${await this.hub.token(principal)}`
    const address = `${url}/v1/feed/stream${query}`
    const reader = await StreamReader.open(address, { authorization, ...headers })
    this.opened.push(reader)
    return reader
  }

  resume(principal: string, lastId: string | null, query = ''): Promise<StreamReader> {
    return this.open(principal, { query, headers: { 'last-event-id': lastId ?? '' } })
  }

  /** A gateway of the same hub, with some of its parts other. */
  async gatewayWith(parts: Partial<GatewayDeps>): Promise<string> {
    const app = buildGateway({ ...this.hub.hub.gateway.deps, ...parts }, null)
    this.gateways.push(app)
    return app.listen({ host: '127.0.0.1', port: 0 })
  }

  async publish(changes: Partial<Alert> = {}): Promise<string> {
    const alert = sampleAlert(changes)
    const bytes = await signed(alert, this.hub.home.alertSigner('ctd-kp'))
    const answer = await this.hub.publish(bytes, KP)
    if (answer.status !== 201) throw new Error(String(answer.json['code']))
    return alert.id
  }

  async releasesTo(principal: string): Promise<readonly AccessRecord[]> {
    const records = await this.hub.records()
    return records.filter((one) => one.action === 'RELEASE' && one.principal === principal)
  }

  /** Of NACTA, as its administrator enters it. */
  async set(principal: string, changes: Partial<PrincipalSet>): Promise<void> {
    await enter(this.hub, this.hub.home.administratorSigner('nacta'), {
      type: 'PrincipalSet',
      agency: agencyId('nacta'),
      principal: principal as PrincipalSet['principal'],
      kind: 'PERSON',
      suspended: false,
      clearance: 'SECRET',
      jurisdictions: ['PK', 'PK-KP'],
      caveats: [],
      roles: [{ realm: 'live', role: 'subscriber' }],
      ...changes,
    })
  }
}

export const openStreamHub = async (): Promise<StreamHub> => new StreamHub(await openTestHub())

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
