/** Milliseconds. Fractional on purpose: a VRRP skew can be under 1 ms and must not round to 0. */
export type Ms = number & { readonly unit: 'ms' }
/** A point on the host's monotonic clock, in milliseconds. Never wall time; never leaves the process. */
export type Instant = number & { readonly unit: 'instant' }
/** Wall time as RFC 3339 text, UTC. For people and for payloads; never used to measure an interval. */
export type WallTime = string & { readonly unit: 'wall' }

export const ms = (n: number): Ms => n as Ms
export const seconds = (n: number): Ms => (n * 1000) as Ms
/** Centiseconds, the unit of VRRPv3's Max Advertise Interval (RFC 9568 §5.2.7). */
export const centiseconds = (n: number): Ms => (n * 10) as Ms
export const after = (t: Instant, d: Ms): Instant => (t + d) as Instant
export const since = (then: Instant, now: Instant): Ms => (now - then) as Ms
