/** Every case, in the order of the report. A new one: a file beside these, and a word here. */
import type { Case } from '../case.ts'
import { comesBack } from './return.ts'
import { crash } from './crash.ts'
import { crashFast } from './crash-fast.ts'
import { crashSlow } from './crash-slow.ts'
import { frozen } from './frozen.ts'
import { killed } from './killed.ts'
import { planned } from './planned.ts'
import { removed } from './removed.ts'
import { serverKilled } from './server-killed.ts'
import { stop } from './stop.ts'

export const cases: readonly Case[] = [
  crash, crashSlow, comesBack, serverKilled, planned, stop, killed, frozen, removed, crashFast,
]
