import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { isFull } from '../support/rounds.ts'
import { onlyInFull, ownInstance } from './order.ts'
import { reportersOf } from './reporters.ts'
import { serverSettings } from './server-settings.ts'

/**
 * The suite of files that start instances of their own, two at a time: while one waits for its faults to be overcome, another
 * one's JVMs start.
 */
export default defineConfig({
  root: serverSettings.root,
  test: {
    ...serverSettings.test,
    globalSetup: [fileURLToPath(new URL('proofs-setup.ts', import.meta.url))],
    include: [...ownInstance, ...(isFull() ? onlyInFull.ownInstance : [])],
    maxWorkers: 2,
    reporters: reportersOf('proofs'),
    teardownTimeout: 20_000,
  },
})
