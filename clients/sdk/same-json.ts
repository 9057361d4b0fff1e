/** Whether two values of JSON say the same; the order of members says nothing. */
export const isSameJson = (a: unknown, b: unknown): boolean => {
  if (!isCompound(a) || !isCompound(b)) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSameJson(a[name], b[name]))
  )
}

const isCompound = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
