import { concatBytes, utf8 } from '#core/bytes.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { DIRECTORY_PAYLOAD_TYPE, signEnvelope } from '#core/envelope.ts'
import {
  agencyAdded,
  agencyId,
  day,
  KP,
  KP_ALERTS,
  keyAdded,
  OFFICER,
  ROOTS,
  STRANGER,
} from '#tools/vectors/directory-cast.ts'
import type { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { long, singleObject, text } from '#tools/vectors/raw-avro.ts'

export const DIRECTORY_FINGERPRINT = 'cf0e72c0bfd2006e'

const BY = [ROOTS[0], ROOTS[1]]
const TIME_MS_MAX = 4_102_444_800_000

/** Entries that are signed, and right in their place, but are none. */
export const enterMalformed = async (topic: DirectoryTopic): Promise<void> => {
  const added = await agencyAdded(agencyId('fia'), 'PK', STRANGER)
  const key = await keyAdded('alert_signing', STRANGER, { agency: KP })
  // What no type lets through: the writer looks at the schema alone.
  const changes: readonly [why: string, change: object][] = [
    ['an agency in capitals', { ...added, agency: 'FIA' }],
    ['an alias as a home', { ...added, home: 'PK-TA' }],
    [
      'an unknown jurisdiction',
      { ...added, ceiling: { ...added.ceiling, jurisdictions: ['PK', 'PK-XX'] } },
    ],
    ['an administrator without an agency', { ...added, administrator: 'administrator' }],
    ['a principal’s name in Urdu', { ...OFFICER, principal: 'ctd-kp/افسر' }],
    ['a key that is valid from before 1970 on', { ...key, validFromMs: -1 }],
    ['a key that is valid beyond 2100', { ...key, validToMs: TIME_MS_MAX + 1 }],
    ['an agency whose first key is valid beyond 2100', { ...added, validToMs: TIME_MS_MAX + 1 }],
    ['a key id cut by a character', revoked(KP_ALERTS.keyId.slice(1), null)],
    ['compromised since before 1970', revoked(KP_ALERTS.keyId, -1)],
  ]
  for (const [why, change] of changes) {
    const authored = { change: change as DirectoryChange, by: BY, atMs: day(3) }
    await topic.ignore(why, 'malformed', authored)
  }
  const standing = { type: 'AgencyStanding', agency: KP, suspended: true } as const
  await topic.ignore('entered before 1970', 'malformed', { change: standing, by: BY, atMs: -1 })
  const beyond = { change: standing, by: BY, atMs: TIME_MS_MAX + 1 }
  await topic.ignore('entered after 2100', 'malformed', beyond)
  await enterRawMalformed(topic)
}

const revoked = (keyId: string, compromisedSinceMs: number | null) => ({
  type: 'KeyRevoked',
  keyId,
  compromisedSinceMs,
})

const enterRawMalformed = async (topic: DirectoryTopic): Promise<void> => {
  const head = (sequence: number): Uint8Array =>
    concatBytes(long(sequence), topic.end.digest, long(day(3)))
  const standing = (suspended: number): Uint8Array =>
    concatBytes(long(2), text('ctd-kp'), Uint8Array.of(suspended))
  const next = topic.end.sequence + 1
  const payload = (body: Uint8Array): Uint8Array => singleObject(DIRECTORY_FINGERPRINT, body)
  const rows: readonly [why: string, payload: Uint8Array][] = [
    ['a boolean of 2', payload(concatBytes(head(next), standing(2)))],
    ['a change of no kind', payload(concatBytes(head(next), long(11)))],
    ['a negative sequence', payload(concatBytes(head(-1), standing(1)))],
    ['a byte behind the payload', payload(concatBytes(head(next), standing(1), long(0)))],
    [
      'another schema’s fingerprint',
      singleObject('90d41b522b6664ea', concatBytes(head(next), standing(1))),
    ],
    ['JSON', utf8('{"sequence":3}')],
  ]
  for (const [why, bytes] of rows) {
    topic.ignoreBytes(why, 'malformed', await signEnvelope(DIRECTORY_PAYLOAD_TYPE, bytes, BY))
  }
}
