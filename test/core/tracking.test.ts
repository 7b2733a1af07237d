/** Interfaces that a group needs: delays, flapping, groups apart. */
import { describe, expect, test } from 'vitest'
import { after, ms, seconds } from '../../contract/time.ts'
import { createTracking } from '../../daemon/tracking.ts'
import { Lan } from '../sim/lan.ts'
import { parsed } from './stage.ts'

function tracked(track: string) {
  const lan = new Lan()
  const tracking = createTracking((wait, run) => lan.at(after(lan.now, wait), run))
  const groups = parsed(`cluster: t\ngroups:\n${['g', 'h'].map((name, i) =>
    `  ${name}:\n    hosts: [a]\n    track: {interfaces: [up0]${track}}\n` +
    `    routers: {r${i}: {vrid: ${i + 1}, interface: eth0, addresses: [10.0.0.${i + 1}/24]}}`).join('\n')}`).groups
  const [g, h] = groups
  if (!g || !h) throw new Error('two groups')
  let settled = 0
  const set = (name: string, usable: boolean, group = g) => tracking.set(group, name, usable, () => { settled++ })
  return { lan, set, broken: (group = g, names = ['up0']) => tracking.broken(group, names), settled: () => settled, g, h }
}

describe('without delays', () => {
  test('down and up count at once, and each is told once', () => {
    const { set, broken, settled } = tracked('')
    expect(broken()).toBe(false)
    set('up0', false)
    expect([broken(), settled()]).toEqual([true, 1])
    set('up0', false)
    expect(settled()).toBe(1)
    set('up0', true)
    expect([broken(), settled()]).toEqual([false, 2])
    set('up0', true)
    expect(settled()).toBe(2)
  })
  test('one of several is enough; others do not count', () => {
    const { set, broken, g } = tracked('')
    set('up1', false)
    expect([broken(g, ['up0', 'up1']), broken(g, ['up0']), broken(g, [])]).toEqual([true, false, false])
  })
  test('each group judges for itself', () => {
    const { set, broken, g, h } = tracked('')
    set('up0', false, h)
    expect([broken(g), broken(h)]).toEqual([false, true])
  })
})

describe('with delays', () => {
  test('down counts after downDelay, up after upDelay', () => {
    const { lan, set, broken, settled } = tracked(', downDelay: 3, upDelay: 10')
    set('up0', false)
    lan.run(ms(2999))
    expect([broken(), settled()]).toEqual([false, 0])
    lan.run(ms(1))
    expect([broken(), settled()]).toEqual([true, 1])
    set('up0', true)
    lan.run(ms(9999))
    expect(broken()).toBe(true)
    lan.run(ms(1))
    expect([broken(), settled()]).toEqual([false, 2])
  })
  test('a flapping link decides nothing', () => {
    const { lan, set, broken, settled } = tracked(', downDelay: 3, upDelay: 10')
    for (let i = 0; i < 20; i++) {
      set('up0', false)
      lan.run(seconds(2))
      set('up0', true)
      lan.run(seconds(1))
    }
    lan.run(seconds(20))
    expect([broken(), settled()]).toEqual([false, 0])
  })
  test('a link that comes back for less than upDelay stays broken', () => {
    const { lan, set, broken, settled } = tracked(', downDelay: 0, upDelay: 10')
    set('up0', false)
    for (let i = 0; i < 5; i++) {
      set('up0', true)
      lan.run(seconds(9))
      set('up0', false)
      expect(broken()).toBe(true)
    }
    expect(settled()).toBe(1)
  })
})
