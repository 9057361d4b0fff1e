import type { AgencyId } from '#core/agency.ts'
import { utf8 } from '#core/bytes.ts'
import type { DirectoryChange, KeyUsage, ProvenKey } from '#core/directory/entry.ts'
import { preAuthenticationEncoding } from '#core/envelope.ts'
import type { KeyId } from '#core/key.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { PrincipalId } from '#core/principal.ts'

/** No envelope has this type, so a proof is never taken for an alert or an entry, nor they for it. */
const POSSESSION_TYPE = 'application/vnd.rabta.key-possession'

/** Whose a new key is to be, and for what. */
export interface KeyOwner {
  readonly agency: AgencyId | null
  readonly principal: PrincipalId | null
  readonly usage: KeyUsage | 'root'
}

/**
 * What a new key signs to be entered. It names the key itself: a signature can be made to verify
 * under another key that is made for it, but not one over that other key's id.
 */
export const possessionMessage = (claim: KeyOwner & { readonly keyId: KeyId }): Uint8Array => {
  const { agency, principal, usage, keyId } = claim
  const lines = [agency ?? '', principal ?? '', usage, keyId]
  return preAuthenticationEncoding(POSSESSION_TYPE, utf8(lines.join('\n')))
}

/** What `signer` says of itself, to be entered as `owner`'s. */
export const provePossession = (signer: Signer, owner: KeyOwner): Promise<Uint8Array> =>
  signer.sign(possessionMessage({ ...owner, keyId: signer.keyId }))

/** The keys that `change` enters. Those of the genesis entry are vouched for by its pinned digest. */
export const claimsOf = (change: DirectoryChange): readonly (KeyOwner & ProvenKey)[] => {
  switch (change.type) {
    case 'AgencyAdded':
    case 'AdministratorsReplaced': {
      const { agency, administrator: principal, administratorKey: key, possession } = change
      return [{ agency, principal, usage: 'directory_signing', key, possession }]
    }
    case 'KeyAdded':
      return [change]
    case 'RootKeysChanged':
      return change.added.map((one) => ({
        agency: null,
        principal: null,
        usage: 'root' as const,
        ...one,
      }))
    default:
      return []
  }
}
