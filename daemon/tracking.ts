/** What a group needs, interfaces above all: down counts after `downDelay`, up again after `upDelay`, so that a flapping link decides nothing. */
import type { Config, GroupConfig } from '../contract/config.ts'
import type { Ms } from '../contract/time.ts'

export interface Tracking {
  /** News of an interface, or of whatever else has a name; `settled` is called if the verdict on it changed, after the delay. */
  set(group: GroupConfig, name: string, usable: boolean, settled: () => void): void
  broken(group: GroupConfig, names: readonly string[]): boolean
}

export function createTracking(later: (wait: Ms, run: () => void) => void): Tracking {
  const down = new Set<string>()
  /** The latest news of each: an older timer finds that it is not the newest and does nothing. */
  const news = new Map<string, object>()
  return {
    set(group, name, usable, settled) {
      const key = `${group.name}/${name}`, own = {}
      news.set(key, own)
      const settle = () => {
        if (news.get(key) !== own || down.has(key) === !usable) return
        if (usable) down.delete(key)
        else down.add(key)
        settled()
      }
      const wait = usable ? Math.max(group.track.upDelay, hearing(group)) as Ms : group.track.downDelay
      if (wait === 0) settle()
      else later(wait, settle)
    },
    broken: (group, names) => names.some((name) => down.has(`${group.name}/${name}`)),
  }
}

/** Without these interfaces the group cannot be served from this host. */
export const interfacesOf = (group: GroupConfig, { hosts }: Config, host: string): readonly string[] =>
  [...group.track.interfaces, ...(group.together ? group.routers.map((r) => hosts[host]?.interface ?? r.interface) : [])]

/**
 * The router that starts anew on an interface must hear who is active there before the others of its group take over: a
 * keepalived that loses one router of a `vrrp_sync_group` lets go of all, and says nothing where it does.
 */
const hearing = (group: GroupConfig): number => (group.together ? 2 * Math.max(...group.routers.map((r) => r.interval)) : 0)
