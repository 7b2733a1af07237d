import { describe, expect, test } from 'vitest'
import type { Advertisement } from '../../daemon/wire/advertisement.ts'
import { type Expected, mismatch, prepareExpected } from '../../daemon/wire/match.ts'
import { seconds } from '../../contract/time.ts'
import { bytes } from './captures.ts'

const A = 0x0a3500d2, B = 0x0a3500d3, C = 0x0a3500d4
const none = { type: 'none' } as const
const pass = (hex: string) => ({ type: 'pass', password: bytes(hex) }) as const
const heard3: Advertisement = {
  version: 3, vrid: 210, priority: 250, interval: seconds(1), addresses: [A, B], authentication: none,
}
const heard2: Advertisement = { ...heard3, version: 2, authentication: pass('7365637265743132') }
const ours = (a: Advertisement, changes: Partial<Expected> = {}): Expected => ({
  version: a.version, addresses: a.addresses, interval: a.interval, authentication: a.authentication, ...changes,
})

describe.each([['as it stands', (e: Expected) => e], ['prepared', prepareExpected]])('expectation %s', (_, prepare) => {
  const against = (a: Advertisement, changes: Partial<Expected> = {}) => mismatch(a, prepare(ours(a, changes)))?.reject

  test('what fits, fits', () => {
    expect(against(heard2)).toBeUndefined()
    expect(against(heard3)).toBeUndefined()
  })

  test('another version', () => {
    expect(against(heard3, { version: 2 })).toBe('version')
    expect(against(heard2, { version: 3 })).toBe('version')
  })

  test('RFC 3768 §7.1: version 2 must have our interval; RFC 9568 §6.4.2: version 3 tells us its own', () => {
    expect(against(heard2, { interval: seconds(2) })).toBe('interval')
    expect(against(heard3, { interval: seconds(2) })).toBeUndefined()
  })

  test('the order of the addresses does not matter; count and members do', () => {
    expect(against(heard3, { addresses: [B, A] })).toBeUndefined()
    expect(against(heard3, { addresses: [A] })).toBe('address-list')
    expect(against(heard3, { addresses: [A, B, C] })).toBe('address-list')
    expect(against(heard3, { addresses: [A, C] })).toBe('address-list')
    expect(against(heard2, { addresses: [C, B] })).toBe('address-list')
  })

  test('an address sent twice does not stand for another one', () => {
    expect(against({ ...heard3, addresses: [A, A] }, { addresses: [A, B] })).toBe('address-list')
    expect(against({ ...heard3, addresses: [A, B] }, { addresses: [A, A] })).toBe('address-list')
    expect(against({ ...heard3, addresses: [A, B, A] }, { addresses: [A, A, B] })).toBeUndefined()
  })

  test('IPv6 addresses compare by value', () => {
    const addresses = [0xfe80n << 112n, 0xfd53n << 112n]
    expect(against({ ...heard3, addresses }, { addresses: [0xfd53n << 112n, 0xfe80n << 112n] })).toBeUndefined()
    expect(against({ ...heard3, addresses }, { addresses: [0xfd53n << 112n, (0xfe80n << 112n) + 1n] })).toBe('address-list')
  })

  test('the password is compared in full, and never shown', () => {
    expect(against(heard2, { authentication: pass('7365637265743133') })).toBe('authentication')
    expect(against(heard2, { authentication: pass('0065637265743132') })).toBe('authentication')
    expect(against({ ...heard2, authentication: pass('7300000000000001') }, { authentication: pass('7300000000000002') }))
      .toBe('authentication')
    expect(mismatch(heard2, prepare(ours(heard2, { authentication: pass('6f74686572707764') })))?.detail)
      .toBe('the password is not ours')
  })

  test('the type of authentication must be ours, in version 2 only', () => {
    expect(against(heard2, { authentication: none })).toBe('authentication-type')
    const bare = { ...heard2, authentication: none }
    expect(against(bare, { authentication: heard2.authentication })).toBe('authentication-type')
    expect(against(heard3, { authentication: heard2.authentication })).toBeUndefined()
  })
})
