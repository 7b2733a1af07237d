import type { Case } from '../case.ts'

/** The active host dies: from one moment to the next its cable is silent, and no process of it says goodbye. */
export const crash: Case = {
  name: 'crash',
  title: 'Crash of the active host (version 3, 0.1 s)',
  setting: { version: 3, interval: 0.1, checked: false },
  special: ['above'],
  patience: 3000,
  happen: async ({ lab, active }) => ({ at: lab.crash(active) }),
}
