/** Understudy and keepalived in one virtual router, both real, each once the better one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../system/needs.ts'
import { cases } from './cases.ts'
import { meet, type Encounter } from './encounter.ts'
import { describeSetting, OURS, THEIRS, type Setting } from './setting.ts'

const { absent, title } = needs('keepalived', 'mosquitto', 'mosquitto_pub')
const SECRET = 'secret12'
const configurations = [
  { version: 2, family: 4, interval: 1, pass: SECRET },
  { version: 2, family: 4, interval: 1 },
  { version: 3, family: 4, interval: 0.1 },
  { version: 3, family: 6, interval: 0.1 },
] as const
const settings: readonly Setting[] = configurations.flatMap((c) => [{ ...c, higher: OURS }, { ...c, higher: THEIRS }])
/** How much later than the protocol says something may be seen here: the machine has other things to do. */
const SLACK = 700

// Version 2 takes seconds, nearly all of it waiting: everything side by side, each in a network of its own.
describe(title('Understudy and keepalived'), { concurrent: true, skip: absent, timeout: 60_000 }, () => {
  for (const setting of settings) {
    const name = `${describeSetting(setting)}: ${setting.higher === OURS ? 'Understudy' : 'keepalived'} is the better one`
    describe(name, () => story(setting))
  }
})

function story(setting: Setting): void {
  const interval = setting.interval * 1000
  const longest = 3 * interval + (setting.version === 2 ? 1000 : interval) + SLACK
  let e: Encounter
  const step = (name: string, test: () => Promise<void>) => it(name, { concurrent: false }, test)
  beforeAll(async () => { e = await meet(setting) })
  afterAll(() => e?.close())

  step('elects the better one', async () => {
    await cases.elect(e, setting)
  })

  step('has the other one take over when its host dies', async () => {
    const { moved } = await cases.crash(e, setting)
    expect(moved).toBeLessThan(longest)
  })

  step('hands back when it returns, without a gap', async () => {
    const { outage } = await cases.return(e, setting)
    expect(outage).toBeLessThan(SLACK)
  })

  if (setting.higher === OURS) {
    step('goes out of service when it is ordered to, and comes back, without a gap', async () => {
      for (const order of [cases.order, cases.orderBack]) {
        const { outage } = await order(e, setting)
        expect(outage).toBeLessThan(SLACK)
      }
    })
  }

  step('has the other one take over when its cable is cut', async () => {
    const { moved } = await cases.cut(e, setting)
    expect(moved).toBeLessThan(longest)
  })

  step('leaves one holder when the cable is plugged again', async () => {
    await cases.plug(e, setting)
  })

  if (setting.higher === THEIRS) {
    step('takes over within its skew when keepalived stops', async () => {
      const { moved } = await cases.stop(e, setting)
      expect(moved).toBeLessThan((6 / 256) * (setting.version === 2 ? 1000 : interval) + SLACK)
    })
  } else {
    step('answers until keepalived has taken over, then stops', async () => {
      const stopped = e.daemon(OURS)
      const { outage } = await cases.stop(e, setting)
      expect(outage).toBeLessThan(SLACK) // keepalived advertises first and adds the addresses then
      expect(await stopped.ended).toBe(0)
    })
  }
}
