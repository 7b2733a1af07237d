/**
 * What became of the questions asked at one address: who answered, which were lost, how long the holes were. Pure: the
 * caller tells the time. A question has the 16-bit id `n & 0xffff` of DNS, which is its slot here too; at 1,000 a second
 * a slot lasts 65 s.
 */

/** Milliseconds until a question without an answer is lost. */
export const LOST_AFTER = 250
const SLOTS = 0x10000

export interface Hole {
  /** When the first lost question was asked, and the first answered one after it. */
  readonly from: number
  readonly to: number
  readonly lost: number
}
export interface Served { readonly first: number; readonly last: number; readonly answers: number }
export interface Tally {
  readonly asked: number
  readonly answered: number
  readonly lost: number
  /** Came after they were given up, or a second time. */
  readonly late: number
  readonly duplicates: number
  /** Milliseconds of the longest hole, 0 if nothing was lost. */
  readonly longest: number
  /** The longest ones, in order of time, at most `HOLES`. */
  readonly holes: readonly Hole[]
  /** By host: when its first and its last answer came. */
  readonly hosts: Readonly<Record<string, Served>>
}
const HOLES = 20

export class Line {
  #asked = new Float64Array(SLOTS)
  #answered = new Float64Array(SLOTS)
  #next = 0
  #judged = 0
  /** Number of the first question that counts. */
  #from = 0
  #sum = empty()
  #hole: { from: number; lost: number } | undefined

  /** Forgets everything asked so far. */
  mark(): void {
    this.#from = this.#next
    this.#sum = empty()
    this.#hole = undefined
  }

  /** The id for the question asked now. */
  ask(now: number): number {
    const slot = this.#next++ % SLOTS
    this.#asked[slot] = now
    this.#answered[slot] = 0
    return slot
  }

  answer(id: number, host: string, now: number): void {
    const n = this.#numberOf(id)
    if (n < this.#from) return
    if (n < this.#judged) this.#sum[this.#answered[id] ? 'duplicates' : 'late']++
    else if (this.#answered[id]) this.#sum.duplicates++
    else this.#answered[id] = now
    const served = this.#sum.hosts.get(host)
    if (!served) this.#sum.hosts.set(host, { first: now, last: now, answers: 1 })
    else {
      served.last = now
      served.answers++
    }
  }

  /** Decides about every question that is old enough. */
  judge(now: number): void {
    for (; this.#judged < this.#next; this.#judged++) {
      const slot = this.#judged % SLOTS
      const asked = this.#asked[slot] ?? 0
      if (now - asked < LOST_AFTER) return
      if (this.#judged >= this.#from) this.#count(asked, this.#answered[slot] !== 0)
    }
  }

  tally(): Tally {
    const { holes, hosts, ...sums } = this.#sum
    const last = this.#asked[(this.#judged + SLOTS - 1) % SLOTS] ?? 0
    const all = this.#hole ? [...holes, { ...this.#hole, to: last }] : holes // one that has not ended yet
    const longest = all.reduce((most, h) => Math.max(most, h.to - h.from), 0)
    return { ...sums, holes: all, longest, hosts: Object.fromEntries(hosts) }
  }

  #count(asked: number, answered: boolean): void {
    this.#sum.asked++
    if (answered) {
      this.#sum.answered++
      if (this.#hole) keep(this.#sum.holes, { ...this.#hole, to: asked })
      this.#hole = undefined
    } else {
      this.#sum.lost++
      this.#hole ??= { from: asked, lost: 0 }
      this.#hole.lost++
    }
  }

  /** The latest question with that id. */
  #numberOf(id: number): number {
    const last = this.#next - 1
    return last - ((last - id) % SLOTS + SLOTS) % SLOTS
  }
}

const empty = () => ({
  asked: 0, answered: 0, lost: 0, late: 0, duplicates: 0,
  holes: [] as Hole[],
  hosts: new Map<string, { first: number; last: number; answers: number }>(),
})

function keep(holes: Hole[], hole: Hole): void {
  holes.push(hole)
  if (holes.length <= HOLES) return
  const shortest = holes.reduce((least, h, i) => (h.to - h.from < size(holes[least]) ? i : least), 0)
  holes.splice(shortest, 1)
}
const size = (h: Hole | undefined) => (h ? h.to - h.from : 0)
