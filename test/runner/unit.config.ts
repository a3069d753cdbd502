import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { reportersOf } from './reporters.ts'

/** The suite without servers: tests beside the code, and the repository's own rules. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.stack/**', 'test/seams/**', 'test/end-to-end/**'],
    setupFiles: ['instances/owned.ts', 'real-timers.ts'].map((file) =>
      fileURLToPath(new URL(file, import.meta.url)),
    ),
    // A context for each file costs a quarter of the suite's time; no test changes what another one imports.
    isolate: false,
    // Vitest leaves one core to others; here that would be half of them.
    maxWorkers: '100%',
    reporters: reportersOf('unit'),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
