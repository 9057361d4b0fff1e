/** Addresses that never leave the machine. */
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/**
 * A hub's address without a slash at its end. Throws a `TypeError` unless it is `https:`, or
 * `http:` on a loopback address: content and tokens would cross the network readable.
 * `isCleartextAllowed` lifts that, for a network that is protected otherwise.
 */
export const baseUrl = (text: string, isCleartextAllowed: boolean): string => {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`a hub's address has a host and perhaps a path, nothing else`)
  }
  const isClear =
    url.protocol === 'http:' && (isCleartextAllowed || LOOPBACK.includes(url.hostname))
  if (url.protocol !== 'https:' && !isClear) {
    throw new TypeError(`${url.protocol}//${url.host} would be spoken to in the clear`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
