/**
 * One broadcast domain in virtual time. The codec and the runtime loop are the real ones; only the wire, the kernel's
 * address table and the clock are pretend. Nothing sleeps: time jumps to the next event.
 */
import type { Address, Family } from '../../contract/address.ts'
import { after, ms, type Instant, type Ms } from '../../contract/time.ts'
import type { SimHost } from './host.ts'

interface Happening { readonly at: Instant; readonly order: number; run(): void }
/** 224.0.0.18 and ff02::12. */
export const GROUP = { 4: 0xe0000012, 6: 0xff02_0000_0000_0000_0000_0000_0000_0012n } as const

export interface Frame { readonly family: Family; readonly src: Address; readonly dst: Address; readonly payload: Uint8Array }

export class Lan {
  now = 0 as Instant
  readonly hosts: SimHost[] = []
  /** How a frame travels: the delay of each copy that arrives; none = lost. Seed your own randomness: the LAN has none. */
  carries: (from: SimHost, to: SimHost) => readonly Ms[] = () => [ms(0.2)]
  /** Everything that people would see happen, in order. */
  readonly transcript: string[] = []
  private readonly heap: Happening[] = []
  private count = 0

  at(at: Instant, run: () => void): void {
    push(this.heap, { at: Math.max(at, this.now) as Instant, order: this.count++, run })
  }

  /** To everybody, or to the host that has the address. */
  send(from: SimHost, frame: Frame): void {
    const only = this.hosts.find((h) => h.sources[frame.family] === frame.dst)
    for (const to of only ? [only] : this.hosts) {
      if (to === from || !to.connected || !from.connected) continue
      for (const delay of this.carries(from, to)) this.at(after(this.now, delay), () => to.arrive(frame))
    }
  }

  /** Advances by `d`, stopping at everything that happens in between, in order. */
  run(d: Ms): void {
    const until = after(this.now, d)
    for (let next = this.heap[0]; next && next.at <= until; next = this.heap[0]) {
      pop(this.heap)
      this.now = next.at
      next.run()
    }
    this.now = until
  }

  /** How long what is under way may take: stalls, stops, orders on their way. */
  pending(): Ms {
    const ends = this.hosts.flatMap((h) => h.busyUntil())
    return Math.max(0, ...ends.map((t) => t - this.now)) as Ms
  }

  note(host: string, text: string): void {
    this.transcript.push(`${(this.now / 1000).toFixed(4).padStart(10)}  ${host.padEnd(4)} ${text}`)
  }

  /** Names of the hosts that hold an address of that router, in the order of the LAN. */
  holders(router: string): string[] {
    return this.hosts.filter((h) => h.holds(router)).map((h) => h.name)
  }
}

const before = (a: Happening, b: Happening) => a.at < b.at || (a.at === b.at && a.order < b.order)

function push(heap: Happening[], x: Happening): void {
  let i = heap.push(x) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(x, heap[parent] as Happening)) break
    heap[i] = heap[parent] as Happening
    i = parent
  }
  heap[i] = x
}

function pop(heap: Happening[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1] as Happening, heap[child] as Happening)) child++
    if (!before(heap[child] as Happening, last)) break
    heap[i] = heap[child] as Happening
    i = child
  }
  heap[i] = last
}
