/** Whether `whole` is the first `length` bytes of `b`: all of them, unless told. */
export const sameBytes = (whole: Uint8Array, b: Uint8Array, length = b.length): boolean =>
  whole.length === length && sameRange(whole, b, 0, length)

/** Bytes `from` to before `to`. */
export function sameRange(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (a[i] !== b[i]) return false
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
