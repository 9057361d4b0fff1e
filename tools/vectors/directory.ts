import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { DIRECTORY_PAYLOAD_TYPE } from '#core/envelope.ts'
import { directoryJson } from '#tests/schema-vectors/directory-json.ts'
import {
  enterAuditor,
  enterKeys,
  enterPrincipals,
  enterRevocations,
  enterStandings,
  enterTimes,
} from '#tools/vectors/directory-agencies.ts'
import {
  enterAgencies,
  enterGenesis,
  enterHubKeys,
  enterPolicyAndLog,
} from '#tools/vectors/directory-founding.ts'
import { DIRECTORY_FINGERPRINT, enterMalformed } from '#tools/vectors/directory-malformed.ts'
import {
  enterLastAdministrator,
  enterPossessions,
  enterReplacement,
} from '#tools/vectors/directory-repairs.ts'
import { enterLogKeys, enterRootKeys } from '#tools/vectors/directory-roots.ts'
import { KEY_STANDINGS } from '#tools/vectors/directory-standings.ts'
import { DirectoryTopic } from '#tools/vectors/directory-topic.ts'
import { unhex } from '#tools/vectors/raw-avro.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'

const PARTS = [
  enterGenesis,
  enterPolicyAndLog,
  enterAgencies,
  enterHubKeys,
  enterMalformed,
  enterKeys,
  enterPrincipals,
  enterAuditor,
  enterRevocations,
  enterStandings,
  enterTimes,
  enterPossessions,
  enterLastAdministrator,
  enterReplacement,
  enterRootKeys,
  enterLogKeys,
]

export const writeDirectory = async (): Promise<DirectoryTopic> => {
  const topic = new DirectoryTopic()
  for (const enter of PARTS) await enter(topic)
  return topic
}

export const directoryVectors = async (topic: DirectoryTopic): Promise<string> =>
  vectorText(
    'A directory topic in its order: entries that are applied (fault null), and others that are ignored and why; then how it stands, and which keys may sign at which moment.',
    {
      fingerprint: DIRECTORY_FINGERPRINT,
      payloadType: DIRECTORY_PAYLOAD_TYPE,
      genesisDigest: topic.genesisDigest,
      topic: topic.rows,
      state: await stateOf(topic),
      keyStandings: KEY_STANDINGS,
    },
  )

const stateOf = async ({ rows, genesisDigest }: DirectoryTopic) => {
  const state = new DirectoryState(sha256)
  const deps = { sha256, verify: verifySignature, genesisDigest: unhex(genesisDigest) }
  for (const { entry } of rows) {
    const judgement = await judgeEntry(state, unhex(entry), deps)
    if (judgement.ok) state.apply(judgement.entry, judgement.digest)
  }
  return directoryJson(state)
}
