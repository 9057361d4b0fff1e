/**
 * The first of the most wanted of `offered` by an Accept header (RFC 9110 §12.5.1); null when none
 * will do. Without a header: the first.
 */
export const chooseType = <T extends string>(
  accept: string | undefined,
  offered: readonly T[],
): T | null => {
  const ranges = (accept ?? '*/*').split(',').map(rangeFrom)
  const ranked = offered
    .map((type) => ({ type, weight: weightOf(type, ranges) }))
    .sort((a, b) => b.weight - a.weight)
  const [best] = ranked
  return best !== undefined && best.weight > 0 ? best.type : null
}

interface MediaRange {
  readonly type: string
  readonly weight: number
}

const rangeFrom = (text: string): MediaRange => {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const weight = quality === undefined ? 1 : Number(quality.slice(2))
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 }
}

/** The weight of the most specific range that covers `type`. */
const weightOf = (type: string, ranges: readonly MediaRange[]): number => {
  const [family] = type.split('/')
  for (const pattern of [type, `${family}/*`, '*/*']) {
    const range = ranges.find((one) => one.type === pattern)
    if (range !== undefined) return range.weight
  }
  return 0
}
