/** The lab under somebody's hands: draws the table twice a second and does what the keys say, until `q`. */
import { monotonic, sleep } from './clock.ts'
import type { Report } from './client.ts'
import { picture } from './screen.ts'
import { HOSTS, type World } from './world.ts'

export async function live(world: World, colour: boolean): Promise<void> {
  const { stdin, stdout } = process
  let selected = 0, over = false, failure: unknown
  let act: { readonly what: string; readonly at: number } | undefined
  let report: Report | undefined

  const perform = async (key: string) => {
    if (key === 'q' || key === '\u0003') over = true // Ctrl-C is a key in raw mode
    const chosen = Number.parseInt(key, 10)
    if (chosen >= 1 && chosen <= HOSTS.length) selected = chosen - 1
    const host = HOSTS[selected] ?? HOSTS[0]
    const deed = deeds[key]
    if (!deed) return
    await world.mark()
    act = { what: await deed(world, host), at: monotonic() }
  }
  const onData = (bytes: Buffer) => {
    for (const key of bytes.toString()) perform(key).catch((e: unknown) => { failure = e })
  }
  stdin.setRawMode(true)
  stdin.on('data', onData)
  stdout.write(`${ALTERNATE_SCREEN}${HIDE_CURSOR}`)
  const restore = () => stdout.write(`${SHOW_CURSOR}${NORMAL_SCREEN}`)
  process.once('exit', restore)
  try {
    while (!over && failure === undefined) {
      report = await world.report()
      const lines = picture(world, { selected, act: act?.what, ago: act ? monotonic() - act.at : 0, report, colour })
      stdout.write(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`)
      await sleep(200)
    }
  } finally {
    process.off('exit', restore)
    restore()
    stdin.setRawMode(false)
    stdin.off('data', onData)
    stdin.pause()
  }
  if (failure !== undefined) throw failure
}

/** What a key does to the selected host, in words. */
const deeds: Readonly<Record<string, (world: World, host: string) => Promise<string> | string>> = {
  async n(world, host) {
    if (!world.serverUp(host)) return world.startServer(host).then(() => `${host}: name server started`)
    await world.killServer(host)
    return `${host}: name server killed`
  },
  async d(world, host) {
    if (world.daemonUp(host)) await world.killDaemon(host)
    else world.startDaemon(host)
    return `${host}: daemon ${world.daemonUp(host) ? 'started' : 'killed'}`
  },
  c(world, host) {
    if (world.plugged(host)) world.cut(host)
    else world.plug(host)
    return `${host}: cable ${world.plugged(host) ? 'plugged in' : 'cut'}`
  },
  async b(world) {
    if (world.brokerUp) await world.killBroker()
    else world.startBroker()
    return `broker ${world.brokerUp ? 'started' : 'killed'}`
  },
  t(world, host) {
    const own = world.order.find((h) => h === host || h === `#${host}`) ?? host
    world.publish([own, ...world.order.filter((h) => h !== own)])
    return `${host}: put at the top`
  },
  o(world, host) {
    const out = world.order.includes(host)
    world.publish(world.order.map((h) => (h === host || h === `#${host}` ? `${out ? '#' : ''}${host}` : h)))
    return `${host}: ${out ? 'out of service' : 'in service again'}`
  },
}

const HOME = '\x1b[H', REST_OF_LINE = '\x1b[K', REST_OF_SCREEN = '\x1b[J'
/** With lines cut at the right edge instead of going on in the next one. */
const ALTERNATE_SCREEN = '\x1b[?1049h\x1b[?7l', NORMAL_SCREEN = '\x1b[?7h\x1b[?1049l'
const HIDE_CURSOR = '\x1b[?25l', SHOW_CURSOR = '\x1b[?25h'
