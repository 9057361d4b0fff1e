/**
 * What one sender may have at will is one network: an IPv4 address, or the first 64 bits of an IPv6
 * address, of which a single host has all that follow. A text that is neither is its own network.
 */
export const networkOf = (address: string): string => {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const all = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${all.slice(0, 4).map(withoutZeros).join(':')}::/64`
}

const withoutZeros = (group: string): string => group.toLowerCase().replace(/^0+(?=.)/, '')
