import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that start real programs in networks of their own. They measure times, so they run one file after the other. */
const real = ['test/system/**/*.test.ts', 'test/interop/**/*.test.ts', 'test/lab/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...real] } },
      { test: {
        name: 'real', include: real, maxWorkers: 1, maxConcurrency: 8, hookTimeout: 30_000, sequence: { groupOrder: 1 },
      } },
    ],
  },
})
