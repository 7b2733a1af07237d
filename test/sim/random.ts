/** A seeded generator (mulberry32): the same seed, the same history, on every machine. */
export interface Random {
  /** 0 ≤ x < 1 */
  next(): number
  /** A whole number, both ends included. */
  int(from: number, to: number): number
  pick<T>(of: readonly T[]): T
  chance(p: number): boolean
  shuffled<T>(of: readonly T[]): T[]
}

export function randomFrom(seed: number): Random {
  let a = (seed * 0x9e3779b1 + 0x85ebca6b) >>> 0
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    int,
    pick: <T>(of: readonly T[]) => of[int(0, of.length - 1)] as T,
    chance: (p) => next() < p,
    shuffled: <T>(of: readonly T[]) => {
      const out = [...of]
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i)
        ;[out[i], out[j]] = [out[j] as T, out[i] as T]
      }
      return out
    },
  }
}
