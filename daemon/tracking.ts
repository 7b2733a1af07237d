/** Interfaces that a group needs: down counts after `downDelay`, up again after `upDelay`, so that a flapping link decides nothing. */
import type { GroupConfig } from '../contract/config.ts'
import type { Ms } from '../contract/time.ts'

export interface Tracking {
  /** The interface changed; `settled` is called if the verdict on it changed, after the delay. */
  set(group: GroupConfig, interfaceName: string, usable: boolean, settled: () => void): void
  broken(group: GroupConfig, interfaces: readonly string[]): boolean
}

export function createTracking(later: (wait: Ms, run: () => void) => void): Tracking {
  const down = new Set<string>()
  /** The latest news of each interface: an older timer finds that it is not the newest and does nothing. */
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
      const wait = usable ? group.track.upDelay : group.track.downDelay
      if (wait === 0) settle()
      else later(wait, settle)
    },
    broken: (group, interfaces) => interfaces.some((name) => down.has(`${group.name}/${name}`)),
  }
}
