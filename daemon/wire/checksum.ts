/** Internet checksum (RFC 1071): one's complement of the one's complement sum of 16-bit words. */
import type { Address } from '../../contract/address.ts'

/** The sum of the 16-bit words of `bytes`, added to `sum`, not yet folded. An odd last byte counts as the high half. */
export function sumBytes(bytes: Uint8Array, sum = 0): number {
  const even = bytes.length & ~1
  for (let i = 0; i < even; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number)
  return even === bytes.length ? sum : sum + ((bytes[even] as number) << 8)
}

/**
 * The sum of the pseudo-header of RFC 2460 §8.1, also used over IPv4 by RFC 5798 §5.2.8: both addresses, the length of
 * the message in bytes, its protocol. 2^16 ≡ 1 (mod 65535), so an address counts as its remainder.
 */
export function sumPseudoHeader(src: Address, dst: Address, protocol: number, length: number): number {
  return addressSum(src) + addressSum(dst) + protocol + length
}

/** What the checksum field must hold; 0 when the field was part of the sum and the message is sound. */
export function checksum(sum: number): number {
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return 0xffff - sum
}

const addressSum = (a: Address): number => (typeof a === 'number' ? a % 0xffff : Number(a % 0xffffn))
