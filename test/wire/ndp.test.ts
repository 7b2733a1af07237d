import { expect, test } from 'vitest'
import { unsolicitedNeighborAdvertisement } from '../../daemon/wire/ndp.ts'
import { bytes, KEEPALIVED_NEIGHBOR_ADVERTISEMENT } from './captures.ts'

const mac = bytes('c2950f7f27f4'), address = 0xfd53_0000_0000_0000_0000_0000_0000_0210n

test('on a host: keepalived\'s frame, Override alone', () => {
  expect(unsolicitedNeighborAdvertisement(mac, address, { router: false })).toEqual(KEEPALIVED_NEIGHBOR_ADVERTISEMENT)
})

test('on a router: the Router flag too', () => {
  expect(unsolicitedNeighborAdvertisement(mac, address, { router: true })).toEqual(bytes(`
    333300000001 c2950f7f27f4 86dd |
    60000000 0020 3a ff fd530000000000000000000000000210 ff020000000000000000000000000001 |
    88 00 ddce a0000000 fd530000000000000000000000000210 | 02 01 c2950f7f27f4`))
})
