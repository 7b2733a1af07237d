/** Every case, in the order of the report. A new one: a file beside these, and a word here. */
import type { Case } from '../case.ts'
import { crash } from './crash.ts'
import { crashFast } from './crash-fast.ts'
import { frozen } from './frozen.ts'
import { killed } from './killed.ts'
import { planned } from './planned.ts'
import { serverKilled } from './server-killed.ts'
import { stop } from './stop.ts'

export const cases: readonly Case[] = [crash, serverKilled, planned, stop, killed, frozen, crashFast]
