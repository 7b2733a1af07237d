/** Sees what the loop sees and does, and can do nothing about it. */
import type { Instant } from '../contract/time.ts'
import type { Effect, Input } from './core/election.ts'
import type { Member } from './member.ts'
import type { Datagram } from './wire/advertisement.ts'

export interface Witness {
  /** A packet for a router of ours, before anything was decided. A good one that is sent again comes as the same object. */
  heard?(m: Member, d: Datagram, now: Instant): void
  /** What is sent again is the same object too. */
  sent?(m: Member, d: Datagram, now: Instant): void
  /** An input, the state it led to (in `m.state`) and the effects, before they are performed. */
  stepped?(m: Member, input: Input, effects: readonly Effect[], now: Instant): void
  /** Something from outside the election, in words: a check result, an order, an interface. */
  noticed?(text: string, now: Instant): void
  /** The process ends: what was waiting for more is told now. */
  ended?(): void
}

/** All of them as one: nearly always there is only one. */
export function together(all: readonly Witness[]): Witness | undefined {
  if (all.length < 2) return all[0]
  return {
    heard(m, d, now) {
      for (const w of all) w.heard?.(m, d, now)
    },
    sent(m, d, now) {
      for (const w of all) w.sent?.(m, d, now)
    },
    stepped(m, input, effects, now) {
      for (const w of all) w.stepped?.(m, input, effects, now)
    },
    noticed(text, now) {
      for (const w of all) w.noticed?.(text, now)
    },
    ended() {
      for (const w of all) w.ended?.()
    },
  }
}
