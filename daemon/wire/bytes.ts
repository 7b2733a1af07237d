export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
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
