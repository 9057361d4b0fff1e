const TESTS_MAX = 400
const MINIMISE_MS_MAX = 20_000

/** A smaller input for which `isBad` still holds: takes out ever smaller pieces (Zeller's ddmin),
 * then sets what is left to zero where that changes nothing. */
export const minimised = async (
  bytes: Uint8Array,
  isBad: (bytes: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> => {
  let tests = 0
  const untilMs = performance.now() + MINIMISE_MS_MAX
  let smallest = bytes
  const keep = async (candidate: Uint8Array): Promise<boolean> => {
    tests += 1
    if (tests > TESTS_MAX || performance.now() > untilMs || !(await isBad(candidate))) return false
    smallest = candidate
    return true
  }
  for (let piece = Math.ceil(bytes.length / 2); piece >= 1 && tests < TESTS_MAX; piece >>= 1) {
    for (let at = 0; at < smallest.length; ) {
      const less = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)])
      if (!(await keep(new Uint8Array(less)))) at += piece
    }
  }
  for (let at = 0; at < smallest.length && tests < TESTS_MAX; at += 1) {
    if (smallest[at] !== 0) await keep(smallest.with(at, 0))
  }
  return smallest
}
