/** Ethernet addresses: 6 bytes. */
import type { Family } from '../../contract/address.ts'
import { err, ok, type Result } from '../../contract/result.ts'

/** The MAC address of a virtual router (RFC 9568 §7.3): 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6. */
export const virtualMac = (family: Family, vrid: number): Uint8Array =>
  Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === 4 ? 0x01 : 0x02, vrid)

/** `00:00:5e:00:01:d2` */
export const formatMac = (mac: Uint8Array): string =>
  Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':')

/** Parses `00:00:5e:00:01:d2` or `00-00-5E-00-01-D2`. */
export function parseMac(text: string): Result<Uint8Array, string> {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text.replaceAll('-', ':'))) {
    return err('is not a MAC address: want six pairs of hex digits, as in 00:00:5e:00:01:d2')
  }
  return ok(Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16)))
}
