/** Gratuitous ARP of a captured frame (RFC 5227 §3: sender and target are the same). */
export function parseArp(frame: Buffer): { readonly address: string; readonly mac: string } | undefined {
  if (frame.length < 42 || frame.readUInt16BE(12) !== 0x0806 || frame.readUInt32BE(28) !== frame.readUInt32BE(38)) return undefined
  return { address: [...frame.subarray(28, 32)].join('.'), mac: [...frame.subarray(6, 12)].map((b) => b.toString(16).padStart(2, '0')).join(':') }
}
