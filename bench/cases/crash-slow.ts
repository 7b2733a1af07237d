import { crash } from './crash.ts'
import type { Case } from '../case.ts'

/** As `crash`, with the timers of the configuration this project started from. */
export const crashSlow: Case = {
  ...crash,
  name: 'crash-slow',
  title: 'Crash of the active host (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: false },
  patience: 10_000,
}
