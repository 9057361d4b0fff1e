// An agency's administrator adds a post and its key: node docs/examples/add-principal.ts NAME
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { createKeyFile, readKeyFile } from '#adapters/files/key-file.ts'
import { enterChange } from '#clients/sdk/enter-change.ts'
import { provePossession } from '#core/directory/possession.ts'
import { principalId } from '#core/principal.ts'
import { ownKeys, print, session } from '#examples/open-session.ts'

const { agency } = session
const name = process.argv[2] ?? ''
const principal = principalId(agency, name)
if (principal === null) throw new Error('give a post’s name, as desk-2 is')
const administrator = [openSigner(await readKeyFile(ownKeys.administratorKey))]
const rights = { kind: 'PERSON', suspended: false, clearance: 'RESTRICTED', caveats: [] } as const
const roles = [{ realm: 'live', role: 'subscriber' }] as const
const own = { agency, principal }
await enterChange(
  session,
  ({ agencies }) => {
    const jurisdictions = [agencies.get(agency)?.home ?? 'PK']
    return { type: 'PrincipalSet', ...own, ...rights, jurisdictions, roles }
  },
  administrator,
)
const { privatePem, publicKey: key } = generateKey('ES256') // better by its owner: rabta key prove
await createKeyFile(ownKeys.principalKey(name), privatePem)
const owner = { ...own, usage: 'authentication' } as const
const possession = await provePossession(openSigner(privatePem), owner)
const valid = { validFromMs: Date.now() - 3_600_000, validToMs: Date.now() + 31_536_000_000 }
const entered = { type: 'KeyAdded', ...owner, key, possession, ...valid } as const
const { sequence } = await enterChange(session, () => entered, administrator)
print(`${principal} may call: entry ${sequence} of the directory`)
