import { fileURLToPath } from 'node:url'

/** What holds for every test file against native servers. The limits are for a machine three times slower than ours. */
export const serverSettings = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    setupFiles: [fileURLToPath(new URL('instances/owned.ts', import.meta.url))],
    // kafkajs asks for negative timeouts; Node 24 would say so in every file.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
}
