import { fileURLToPath } from 'node:url'
import { type CedarPolicyOptions, openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { ActivePolicy } from '#core/active-policy.ts'
import { hex } from '#core/bytes.ts'
import type { Policy } from '#core/ports/policy.ts'

/** The policy that comes with this program. */
export const OWN_POLICY_FOLDER = fileURLToPath(new URL('../../policy/', import.meta.url))

export interface PolicyFolders {
  /** Decides by the one of them that is active. */
  readonly policy: Policy
  /** The texts of each, by its digest in hexadecimal: published as they are. */
  readonly files: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/**
 * Opens the policies of `folders`; without any, the one that comes with this program. Rejects as
 * `readPolicyFolder` and `openCedarPolicy` do: a node with a broken policy does not start.
 */
export const openPolicyFolders = async (
  folders: readonly string[],
  activeDigest: () => Uint8Array | null,
  onFault: NonNullable<CedarPolicyOptions['onFault']>,
): Promise<PolicyFolders> => {
  const [first = OWN_POLICY_FOLDER, ...others] = folders
  const opened: [OpenFolder, ...OpenFolder[]] = [await openFolder(first, onFault)]
  for (const folder of others) opened.push(await openFolder(folder, onFault))
  const [{ policy }, ...rest] = opened
  return {
    policy: new ActivePolicy([policy, ...rest.map((one) => one.policy)], activeDigest),
    files: new Map(opened.map((one) => [hex(one.policy.digest), one.files])),
  }
}

interface OpenFolder {
  readonly policy: Policy
  readonly files: Readonly<Record<string, string>>
}

const openFolder = async (
  folder: string,
  onFault: NonNullable<CedarPolicyOptions['onFault']>,
): Promise<OpenFolder> => {
  const files = await readPolicyFolder(folder)
  return { policy: openCedarPolicy({ files, onFault }), files }
}
