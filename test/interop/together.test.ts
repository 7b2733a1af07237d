/** Two routers that move together: `together: true` in Understudy, a `vrrp_sync_group` in keepalived, both real. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../system/needs.ts'
import { meet, type Encounter } from './encounter.ts'
import { OURS, THEIRS, type Setting } from './setting.ts'
import { returnHalf, together } from './stories.ts'

const { absent, title } = needs('keepalived', 'mosquitto', 'mosquitto_pub')
/** Milliseconds. Slow enough that a router left behind by the other one shows: it would be missing for three intervals. */
const INTERVAL = 500
/** What the slower one of both waits at most, and how much later something may be seen here. */
const SLACK = 700, LONGEST = 4 * INTERVAL + SLACK

const how = { concurrent: true, skip: absent, timeout: 60_000 }
describe(title('Two routers of Understudy and keepalived that move together'), how, () => {
  for (const higher of [OURS, THEIRS] as const) {
    const name = `${higher === OURS ? 'Understudy' : 'keepalived'} is the better one`
    describe(name, () => story({ version: 3, family: 4, interval: INTERVAL / 1000, together: true, higher }))
  }
})

function story(setting: Setting): void {
  let e: Encounter
  const step = (name: string, test: () => Promise<void>) => it(name, { concurrent: false }, test)
  beforeAll(async () => { e = await meet(setting) })
  afterAll(() => e?.close())

  step('elects the better one for both', async () => {
    await together.elect(e, setting)
  })

  const { cutFirst, plugFirst, cutSecond, plugSecond } = together
  const links = [['first', cutFirst, plugFirst], ['second', cutSecond, plugSecond]] as const
  links.forEach(([which, cut, plug], n) => {
    step(`has the other one take over both when the link of the ${which} goes down`, async () => {
      const from = e.holders.journal.length
      const { moved } = await cut(e, setting)
      expect(moved).toBeLessThan(LONGEST)
      // The one whose link is whole is handed over, not dropped.
      const whole = e.elected[1 - n] ?? ''
      expect(e.holders.gap(whole, e.holders.journal[from]?.at ?? 0)).toBeLessThan(SLACK)
    })

    step('hands both back when it is up again, without a gap', async () => {
      const { outage } = await plug(e, setting)
      expect(outage).toBeLessThan(SLACK)
    })
  })

  step('has the other one take over both when its host dies', async () => {
    const { moved } = await together.crash(e, setting)
    expect(moved).toBeLessThan(LONGEST)
  })

  if (setting.higher === OURS) {
    step('takes neither when it returns with one of its links down', async () => {
      await returnHalf(e, setting)
    })

    step('hands both back when that link is up, without a gap', async () => {
      const { outage } = await together.plugSecond(e, setting)
      expect(outage).toBeLessThan(SLACK)
    })

    step('has the other one take over again', async () => {
      await together.crash(e, setting)
    })
  }

  step('hands both back when it returns, without a gap', async () => {
    const { outage } = await together.return(e, setting)
    expect(outage).toBeLessThan(SLACK)
  })

  if (setting.higher === OURS) {
    step('goes out of service with both when it is ordered to, and comes back, without a gap', async () => {
      for (const order of [together.order, together.orderBack]) {
        const { outage } = await order(e, setting)
        expect(outage).toBeLessThan(SLACK)
      }
    })
  }

  step('leaves both to the other one when it is stopped, without a gap', async () => {
    const { outage } = await together.stop(e, setting)
    expect(outage).toBeLessThan(SLACK)
  })
}
