/** Order and health → VRRP priority, in bands: health beats rank, rank breaks ties. */
import type { Params, Why } from './election.ts'

export type Health = 'unknown' | 'healthy' | 'degraded' | 'failed'
export interface Band { readonly first: number; readonly step: number }
export interface Bands { readonly healthy: Band; readonly degraded: Band; readonly failed: Band; readonly outOfService: Band }
/** A host's place in the order of one router. */
export interface Place { readonly rank: number; readonly inService: boolean; readonly foremost: boolean }

export type Standing = Pick<Params, 'priority' | 'cause' | 'rank' | 'foremost' | 'bandFloor'> & {
  readonly inService: boolean
  /** How the priority came about, in words. */
  readonly because: string
}

/**
 * A failed host keeps a small priority: when every host is broken, somebody still answers (fail open). A check that has
 * not answered yet counts as failed, so that a host that just started takes nothing before it knows that it can serve.
 */
export function standing(bands: Bands, place: Place, health: Health, hosts: number, cause: Why): Standing {
  const name = !place.inService ? 'outOfService' : health === 'unknown' ? 'failed' : health
  const band = bands[name]
  const priority = Math.max(1, band.first - band.step * place.rank)
  const what = name === 'outOfService' ? 'out of service' : health === 'unknown' ? 'health not known yet' : health
  return {
    priority,
    cause,
    rank: place.rank,
    foremost: place.foremost && name === 'healthy',
    inService: place.inService,
    bandFloor: Math.max(1, band.first - band.step * (hosts - 1)),
    because: `${what}, place ${place.rank + 1} of ${hosts}: ${band.first} − ${place.rank} × ${band.step}`,
  }
}
