import type { DirectoryState } from '#core/directory/state.ts'
import { readable } from '#tests/schema-vectors/readable.ts'

/** All that a directory knows at its end, sorted by name. */
export const directoryJson = (state: DirectoryState) => {
  const { sequence, digest, policyDigest, logVerifierKey, formerLogKeys } = state
  const { rootSignaturesMin } = state
  const roots = { rootKeys: [...state.rootKeys.keys()].sort(), rootSignaturesMin }
  const agencies = sorted(state.agencies).map(({ standings, ...rest }) => ({
    ...rest,
    suspended: standings.at(-1)?.suspended ?? true,
  }))
  const keys = sorted(state.keys).map(({ revoked, ...rest }) => ({
    ...rest,
    revokedAtSequence: revoked?.atSequence ?? null,
    compromisedSinceMs: revoked?.compromisedSinceMs ?? null,
  }))
  const head = { sequence, digest, ...roots, policyDigest, logVerifierKey, formerLogKeys }
  return readable({ ...head, agencies, principals: sorted(state.principals), keys })
}

const sorted = <T>(map: ReadonlyMap<string, T>): readonly T[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
