/** The tests that mutation testing (stryker.config.json) runs: those of the codecs, the election and the simulated LAN. */
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['test/wire/*.test.ts', 'test/core/*.test.ts',
  'test/scenarios/*.test.ts'], exclude: ['test/wire/hostile.test.ts'], isolate: false } })
