import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** For `test/end-to-end/interruption.test.ts` only: a test file that can never pass. */
export default defineConfig({
  root: fileURLToPath(new URL('../../../..', import.meta.url)),
  test: {
    include: ['test/runner/instances/hanging/hangs.ts'],
    setupFiles: [fileURLToPath(new URL('../owned.ts', import.meta.url))],
    reporters: ['default'],
    teardownTimeout: 20_000,
  },
})
