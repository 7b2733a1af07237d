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
