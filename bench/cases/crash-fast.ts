import { crash } from './crash.ts'
import type { Case } from '../case.ts'

/** As `crash`, at the shortest interval the protocol has. An election may begin here that does not end: a failed round. */
export const crashFast: Case = {
  ...crash,
  name: 'crash-fast',
  title: 'Crash of the active host (version 3, 0.01 s)',
  setting: { ...crash.setting, interval: 0.01 },
}
