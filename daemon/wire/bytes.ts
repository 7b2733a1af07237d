/** Whether `whole` is the first `length` bytes of `b`: all of them, unless told. */
export const sameBytes = (whole: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array, length = b.byteLength): boolean =>
  whole.byteLength === length && sameFrom(whole, b)

/** Whether `whole`, from that element on, is found at the same place in `b`. */
export function sameFrom(whole: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array, from = 0): boolean {
  for (let i = from; i < whole.length; i++) if (whole[i] !== b[i]) return false
  return true
}

/** One array of all parts, one after the other, behind `front` zeros. */
export function joined(parts: readonly Uint8Array[], front = 0): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, front))
  let at = front
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
