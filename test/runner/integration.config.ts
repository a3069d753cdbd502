import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { failureLogs } from './failure-logs.ts'
import { reportersOf } from './reporters.ts'

/**
 * The suite against the native servers: `integration-setup.ts` starts one stack for all files, and the files run one
 * after another, because some of them kill what the others need.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/seams/**/*.test.ts', 'test/end-to-end/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('integration-setup.ts', import.meta.url))],
    setupFiles: [fileURLToPath(new URL('owned.ts', import.meta.url))],
    fileParallelism: false,
    // kafkajs asks for negative timeouts; Node 24 would say so in every file.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    reporters: [...reportersOf('integration'), failureLogs],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 90_000,
  },
})
