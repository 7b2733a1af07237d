import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that start real programs in networks of their own: they measure times, so they have the machine to themselves, file by file. */
const real = ['test/system/**/*.test.ts', 'test/interop/**/*.test.ts', 'test/lab/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...real], sequence: { groupOrder: 0 } } },
      { test: { name: 'real', include: real, maxWorkers: 1, maxConcurrency: 8, sequence: { groupOrder: 1 } } },
    ],
  },
})
