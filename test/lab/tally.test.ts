import { describe, expect, it } from 'vitest'
import { Line } from '../../lab/tally.ts'

/** One question each millisecond; `host` answers those for which it gives a name, a millisecond later. */
function play(line: Line, from: number, to: number, host: (ms: number) => string | undefined): void {
  for (let now = from; now < to; now++) {
    const id = line.ask(now)
    const name = host(now)
    if (name !== undefined) line.answer(id, name, now + 1)
    line.judge(now)
  }
}

describe('what became of the questions', () => {
  it('counts nothing lost when all are answered', () => {
    const line = new Line()
    play(line, 0, 1000, () => 'a')
    line.judge(2000)
    expect(line.tally()).toEqual({
      asked: 1000, answered: 1000, lost: 0, late: 0, duplicates: 0, longest: 0, holes: [],
      hosts: { a: { first: 1, last: 1000, answers: 1000 } },
    })
  })

  it('measures a hole from the first lost question to the first answered one', () => {
    const line = new Line()
    play(line, 0, 1000, (now) => (now < 200 ? 'a' : now < 500 ? undefined : 'b'))
    line.judge(2000)
    expect(line.tally()).toMatchObject({ lost: 300, longest: 300, holes: [{ from: 200, to: 500, lost: 300 }] })
    expect(line.tally().hosts).toEqual({
      a: { first: 1, last: 200, answers: 200 },
      b: { first: 501, last: 1000, answers: 500 },
    })
  })

  it('tells the longest of several holes, and one that has not ended', () => {
    const line = new Line()
    play(line, 0, 1000, (now) => ((now >= 100 && now < 110) || (now >= 300 && now < 350) || now >= 800 ? undefined : 'a'))
    line.judge(2000)
    expect(line.tally().holes.map((h) => h.to - h.from)).toEqual([10, 50, 199])
    expect(line.tally().longest).toBe(199)
  })

  it('leaves a question undecided for 250 ms', () => {
    const line = new Line()
    line.ask(0)
    line.judge(249)
    expect(line.tally()).toMatchObject({ asked: 0, lost: 0 })
    line.judge(250)
    expect(line.tally()).toMatchObject({ asked: 1, lost: 1 })
  })

  it('counts an answer that comes too late, and one that comes twice', () => {
    const line = new Line()
    const first = line.ask(0), second = line.ask(1)
    line.answer(second, 'a', 2)
    line.answer(second, 'b', 3)
    line.judge(300)
    line.answer(first, 'a', 301)
    expect(line.tally()).toMatchObject({ asked: 2, answered: 1, lost: 1, late: 1, duplicates: 1 })
  })

  it('forgets at a mark what was asked before it, answers included', () => {
    const line = new Line()
    play(line, 0, 100, () => undefined)
    const before = line.ask(100)
    line.mark()
    line.answer(before, 'a', 101)
    play(line, 101, 201, () => 'b')
    line.judge(1000)
    expect(line.tally()).toMatchObject({ asked: 100, lost: 0, longest: 0 })
    expect(Object.keys(line.tally().hosts)).toEqual(['b'])
  })

  it('goes on counting when the ids of DNS begin again', () => {
    const line = new Line()
    play(line, 0, 70_000, (now) => (now >= 65_500 && now < 65_600 ? undefined : 'a'))
    line.judge(80_000)
    expect(line.tally()).toMatchObject({ asked: 70_000, lost: 100, longest: 100, late: 0, duplicates: 0 })
  })
})
