import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { DEMO_FEDERATION, type DemoAgency } from '#clients/cli/demo-federation.ts'
import { type Founding, foundFederation } from '#clients/cli/found-federation.ts'
import { writeHome } from '#clients/cli/write-home.ts'
import type { Signer } from '#core/ports/signer.ts'

export interface TemporaryHome {
  readonly home: string
  readonly issuer: string
  readonly founding: Founding
  /** The agency's key for alerts of the live realm. */
  alertSigner(agency: string): Signer
  exerciseSigner(agency: string): Signer
  administratorSigner(agency: string): Signer
  /** The authentication key of `agency/name`. */
  principalSigner(principal: string): Signer
  readonly rootSigner: Signer
  remove(): void
}

/** A federation, usually that of the demonstration, as `rabta init` makes it, in a new folder. */
export const makeTemporaryHome = async (
  agencies: readonly DemoAgency[] = DEMO_FEDERATION,
): Promise<TemporaryHome> => {
  const home = mkdtempSync(join(tmpdir(), 'rabta-home-'))
  const policy = openCedarPolicy({ files: await readPolicyFolder('policy') })
  const issuer = 'https://hub.rabta.example'
  const options = {
    federation: 'Invented federation',
    logName: 'hub.rabta.example/access',
    agencies,
    policyDigest: policy.digest,
    nowMs: Date.now(),
    keyYears: 2,
    issuer,
  }
  const founding = await foundFederation(options)
  await writeHome(home, founding, options)
  const agency = (id: string) => {
    const keys = founding.agencies.get(id)
    if (keys === undefined) throw new RangeError(id)
    return keys
  }
  return {
    home,
    issuer,
    founding,
    alertSigner: (id) => openSigner(agency(id).alerts.privatePem),
    exerciseSigner: (id) => openSigner(agency(id).exercise.privatePem),
    administratorSigner: (id) => openSigner(agency(id).administrator.privatePem),
    principalSigner: (principal) => {
      const [id = '', name = ''] = principal.split('/')
      const key = agency(id).principals.get(name)
      if (key === undefined) throw new RangeError(principal)
      return openSigner(key.privatePem)
    },
    rootSigner: openSigner(founding.rootKey.privatePem),
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}
