/** «; did you mean …?» for a word that is not among those that are known; else nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const best = nearest(word, known)
  return best === null ? '' : `; did you mean ${best}?`
}

/**
 * The known word of which `word` is a part (`KP` of `PK-KP`), or from which it is a slip of the
 * fingers away; null when none is near. A word that slips alone could make is never named: `PK`
 * for `KPK` would send a province's alert to the federation.
 */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const asked = folded(word).slice(0, WORD_CHARACTERS_MAX)
  const [whole, ...others] = known.filter((one) => partsOf(one).includes(asked))
  if (whole !== undefined && others.length === 0) return whole
  const slipsMax = Math.max(1, Math.floor(asked.length / 3))
  const ranked = known
    .map((one) => ({ one, slips: slipsBetween(asked, folded(one)) }))
    .filter(({ one, slips }) => slips <= slipsMax && slips * 2 < folded(one).length)
    .sort((a, b) => a.slips - b.slips)
  return ranked[0]?.one ?? null
}

const WORD_CHARACTERS_MAX = 64

/** How a word is written beside its letters does not count: case, `-` or `_`. */
const folded = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '')

const partsOf = (word: string): readonly string[] => word.toLowerCase().split(/[-_ ]/)

/** Letters that are missing, too many, others, or swapped with a neighbour. */
const slipsBetween = (a: string, b: string): number => {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const changed = (row[j - 1] ?? 0) + (isSame ? 0 : 1)
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : changed
      next.push(Math.min(changed, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
