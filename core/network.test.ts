import { expect, test } from 'vitest'
import { networkOf } from '#core/network.ts'

test('an IPv4 address is a network by itself, however it is written', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7')
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7')
})

test('IPv6 addresses of one host are one network', () => {
  const network = '2001:db8:0:1::/64'
  for (const address of ['2001:db8:0:1::', '2001:db8:0:1:2:3:4:5', '2001:0DB8:0000:0001::9']) {
    expect(networkOf(address), address).toBe(network)
  }
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('fe80::1:2:3:4:5')).toBe('fe80:0:0:1::/64')
})
