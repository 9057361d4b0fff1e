import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { authorEntry, CHAIN_START, type ChainEnd } from '#core/directory/author.ts'
import type { DirectoryChange, DirectoryEntry } from '#core/directory/entry.ts'
import { type JudgeDeps, judgeEntry } from '#core/directory/judge.ts'
import { possessionMessage } from '#core/directory/possession.ts'
import { DirectoryState } from '#core/directory/state.ts'
import type { Signer } from '#core/ports/signer.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { NOW_MS } from '#tests/fuzz/corpus.ts'
import { ed25519Signer } from '#tests/fuzz/fixed-keys.ts'
import { agencyId } from '#tests/sample-alert.ts'

/** A small directory, the same in every process: what entries are judged against. */

export const ROOT = ed25519Signer(11)
export const ADMINISTRATOR = ed25519Signer(12)
const AGENCY_KEY = ed25519Signer(13)
const NEW_KEY = ed25519Signer(14)
const CTD = agencyId('ctd-kp')
const YEAR_MS = 31_536_000_000

const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}
const CHIEF = principal('ctd-kp/administrator')

const proven = async (
  signer: Signer,
  agency: typeof CTD | null,
  usage: Parameters<typeof possessionMessage>[0]['usage'],
  owner: PrincipalId | null,
) => ({
  key: signer.publicKey,
  possession: await signer.sign(
    possessionMessage({ agency, principal: owner, usage, keyId: signer.keyId }),
  ),
})

const { key: administratorKey, possession } = await proven(
  ADMINISTRATOR,
  CTD,
  'directory_signing',
  CHIEF,
)

const period = { validFromMs: NOW_MS - YEAR_MS, validToMs: NOW_MS + YEAR_MS }
const officer = {
  type: 'PrincipalSet',
  agency: CTD,
  principal: principal('ctd-kp/officer'),
  kind: 'PERSON',
  suspended: false,
  clearance: 'RESTRICTED',
  jurisdictions: ['PK-KP'],
  caveats: [],
  roles: [{ realm: 'live', role: 'subscriber' }],
} as const

/** What was entered, and by whom. */
const FOUNDING: readonly (readonly [Signer, DirectoryChange])[] = [
  [
    ROOT,
    {
      type: 'Genesis',
      federation: 'Invented',
      rootKeys: [ROOT.publicKey],
      rootSignaturesMin: 1,
    },
  ],
  [
    ROOT,
    {
      type: 'AgencyAdded',
      agency: CTD,
      home: 'PK-KP',
      ceiling: { classification: 'SECRET', jurisdictions: ['PK', 'PK-KP'] },
      administrator: CHIEF,
      administratorKey,
      possession,
      validToMs: NOW_MS + YEAR_MS,
    },
  ],
  [
    ADMINISTRATOR,
    {
      type: 'KeyAdded',
      agency: CTD,
      principal: null,
      usage: 'alert_signing',
      ...(await proven(AGENCY_KEY, CTD, 'alert_signing', null)),
      ...period,
    },
  ],
  [ADMINISTRATOR, officer],
]

/** What might come next, all of it authorised. */
export const NEXT_CHANGES: readonly (readonly [Signer, DirectoryChange])[] = [
  [ADMINISTRATOR, { ...officer, clearance: 'SECRET', caveats: ['JUVENILE'] }],
  [
    ADMINISTRATOR,
    {
      type: 'KeyAdded',
      agency: CTD,
      principal: null,
      usage: 'alert_signing',
      ...(await proven(NEW_KEY, CTD, 'alert_signing', null)),
      ...period,
    },
  ],
  [ADMINISTRATOR, { type: 'KeyRevoked', keyId: AGENCY_KEY.keyId, compromisedSinceMs: NOW_MS }],
  [ROOT, { type: 'AgencyStanding', agency: CTD, suspended: true }],
  [ROOT, { type: 'PolicyActivated', digest: new Uint8Array(32).fill(1) }],
]

const judged: { readonly entry: DirectoryEntry; readonly digest: Uint8Array }[] = []

/** The state after the founding; a new one, which may be applied to. */
export const foundedState = (): DirectoryState => {
  const state = new DirectoryState(sha256)
  for (const { entry, digest } of judged) state.apply(entry, digest)
  return state
}

let end: ChainEnd = CHAIN_START
let genesisDigest = CHAIN_START.digest
export const FOUNDING_ENTRIES: Uint8Array[] = []

const by = (signer: Signer) => ({ signers: [signer], enteredAtMs: NOW_MS, sha256 })

for (const [signer, change] of FOUNDING) {
  const authored = await authorEntry(end, change, by(signer))
  if (change.type === 'Genesis') genesisDigest = authored.digest
  const judgement = await judgeEntry(foundedState(), authored.bytes, {
    sha256,
    verify: verifySignature,
    genesisDigest,
  })
  if (!judgement.ok) throw new Error(`${change.type}: ${judgement.fault}`)
  judged.push(judgement)
  FOUNDING_ENTRIES.push(authored.bytes)
  end = authored
}

export const JUDGE: JudgeDeps = { sha256, verify: verifySignature, genesisDigest }

/** Signed by whoever may, behind the founding. */
export const NEXT_ENTRIES: readonly Uint8Array[] = await Promise.all(
  NEXT_CHANGES.map(async ([signer, change]) => (await authorEntry(end, change, by(signer))).bytes),
)
