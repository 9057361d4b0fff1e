import { randomBytes } from '#adapters/crypto/random.ts'
import { type Child, startChild } from '#bench/child.ts'
import { type Answer, type Call, Connections } from '#bench/connections.ts'
import type { DemoAgency } from '#clients/cli/demo-federation.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { LIMITS } from '#core/limits.ts'
import type { PrincipalId } from '#core/principal.ts'
import { RATES } from '#core/rates.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

/** A hub in a process of its own, over a new home; TMPDIR decides which disk is measured. */
export interface BenchHub {
  readonly home: TemporaryHome
  readonly child: Child
  readonly connections: Connections
  /** Opens a session; to be called again before a token's life is over. */
  authenticate(principals: readonly PrincipalId[]): Promise<void>
  /** With the token of a principal that was authenticated. */
  call(principal: PrincipalId, call: Call): Promise<Answer>
  /** For calls that are made in another way. */
  headersOf(principal: PrincipalId): Record<string, string>
  /** Stops the process; what it wrote stays. */
  stop(): Promise<void>
  /** Stops it and removes the home. */
  [Symbol.asyncDispose](): Promise<void>
}

export const openBenchHub = async (options: {
  readonly connections: number
  readonly profileTo: string | null
  readonly agencies?: readonly DemoAgency[]
}): Promise<BenchHub> => {
  await using opening = new AsyncDisposableStack()
  const home = await makeTemporaryHome(options.agencies)
  opening.defer(() => home.remove())
  const running = opening.use(new AsyncDisposableStack())
  const child = running.use(await startHub(home.home, options.profileTo))
  const connections = running.use(new Connections(child.url, options.connections))
  const tokens = new Map<PrincipalId, string>()
  const headersOf = (principal: PrincipalId) => ({
    authorization: `Bearer ${tokens.get(principal) ?? ''}`,
  })
  const opened = opening.move()
  return {
    home,
    child,
    connections,
    authenticate: async (principals) => {
      for (const principal of principals) {
        tokens.set(principal, await tokenOf(home, connections, principal))
      }
    },
    call: (principal, call) =>
      connections.call({ ...call, headers: { ...call.headers, ...headersOf(principal) } }),
    headersOf,
    stop: () => running.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Over a home that is there. */
export const startHub = (home: string, profileTo: string | null): Promise<Child> =>
  startChild({
    main: 'services/hub/main.ts',
    settings: {
      RABTA_HOME: home,
      RABTA_LISTEN: '127.0.0.1:0',
      // What one machine can take is measured, not what one agency may ask of it.
      RABTA_RATES: Object.keys(RATES)
        .map((name) => `${name}=${LIMITS.ratePerMinuteMax}`)
        .join(','),
    },
    folder: home,
    profileTo,
  })

const tokenOf = async (
  home: TemporaryHome,
  connections: Connections,
  principal: PrincipalId,
): Promise<string> => {
  const assertion = await clientAssertion({
    authentication: home.principalSigner(principal),
    principal,
    audience: `${home.issuer}/v1/token`,
    nowMs: Date.now(),
    random: randomBytes,
  })
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    scope: 'live',
  })
  const answer = await connections.call({
    method: 'POST',
    path: '/v1/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  })
  if (answer.status !== 200) throw new Error(`no token for ${principal}: ${answer.body}`)
  const { access_token }: { readonly access_token: string } = JSON.parse(answer.body.toString())
  return access_token
}
