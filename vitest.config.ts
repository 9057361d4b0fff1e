import { defineConfig } from 'vitest/config'

// The tests run under Node's own type stripping, so what Node refuses (an enum) fails here too.
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', '.tmp/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    experimental: { viteModuleRunner: false },
  },
})
