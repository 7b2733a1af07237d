/** Nobody preempts: `preempt: off` in Understudy, `nopreempt` in keepalived, both real, each once the better one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../system/needs.ts'
import { meet, type Encounter } from './encounter.ts'
import { OURS, THEIRS, type Setting } from './setting.ts'
import { staying } from './stories.ts'

const { absent, title } = needs('keepalived', 'mosquitto', 'mosquitto_pub')
/** Milliseconds; and how much later than the protocol says something may be seen here. */
const INTERVAL = 100, SLACK = 700, LONGEST = 4 * INTERVAL + SLACK

describe(title('Understudy and keepalived without preemption'), { concurrent: true, skip: absent, timeout: 60_000 }, () => {
  for (const higher of [OURS, THEIRS] as const) {
    const name = `${higher === OURS ? 'Understudy' : 'keepalived'} is the better one`
    describe(name, () => story({ version: 3, family: 4, interval: INTERVAL / 1000, preempt: 'off', higher }))
  }
})

function story(setting: Setting): void {
  let e: Encounter
  const step = (name: string, test: () => Promise<void>) => it(name, { concurrent: false }, test)
  beforeAll(async () => { e = await meet(setting) })
  afterAll(() => e?.close())

  step('leaves the addresses where they are when the worse one comes', async () => {
    await staying.elect(e, setting)
  })

  if (setting.higher === OURS) {
    step('keeps the addresses though it is ordered away: keepalived does not take them', async () => {
      await staying.order(e, setting)
    })
  }

  step('has the worse one take over when its host dies', async () => {
    const { moved } = await staying.crash(e, setting)
    expect(moved).toBeLessThan(LONGEST)
  })

  step('stays backup when it returns', async () => {
    await staying.return(e, setting)
  })

  step('takes over when the host of the worse one dies', async () => {
    const { moved } = await staying.crashOther(e, setting)
    expect(moved).toBeLessThan(LONGEST)
  })

  step('goes on when that host returns', async () => {
    await staying.returnOther(e, setting)
  })

  step('has the worse one take over when its link goes down', async () => {
    const { moved } = await staying.cut(e, setting)
    expect(moved).toBeLessThan(LONGEST)
  })

  step('stays backup when its link is up again', async () => {
    await staying.plug(e, setting)
  })

  step('takes over when the worse one is stopped, without a gap', async () => {
    const { outage } = await staying.stopOther(e, setting)
    expect(outage).toBeLessThan(SLACK)
  })
}
