import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { isFull } from '../support/rounds.ts'
import { failureLogs } from './failure-logs.ts'
import { onlyInFull, ownInstance, sideBySide, youngStack } from './order.ts'
import { reportersOf } from './reporters.ts'
import { serverSettings } from './server-settings.ts'

const SIDE_BY_SIDE_WORKERS = 3
const awaitsJobs = fileURLToPath(new URL('jobs-setup.ts', import.meta.url))

/**
 * The suite against the native servers: `integration-setup.ts` starts one stack for all files. After those that need it young, those run that leave
 * each other alone, several at a time, since most of their time is waiting; then the others, one after another, because some
 * of them kill what the others need.
 */
export default defineConfig({
  root: serverSettings.root,
  test: {
    globalSetup: [fileURLToPath(new URL('integration-setup.ts', import.meta.url))],
    reporters: [...reportersOf('integration'), failureLogs],
    teardownTimeout: 90_000,
    isolate: false,
    projects: [
      project('on the young stack', {
        include: youngStack,
        maxWorkers: 1,
        setupFiles: [...serverSettings.test.setupFiles, awaitsJobs],
        sequence: { groupOrder: 0 },
      }),
      project('side by side', {
        include: sideBySide,
        maxWorkers: SIDE_BY_SIDE_WORKERS,
        sequence: { groupOrder: 1 },
      }),
      project('one by one', {
        include: ['test/seams/**/*.test.ts', 'test/end-to-end/**/*.test.ts'],
        exclude: [
          ...[...youngStack, ...sideBySide, ...ownInstance, ...onlyInFull.ownInstance],
          ...(isFull() ? [] : onlyInFull.shared),
        ],
        maxWorkers: 1,
        setupFiles: [...serverSettings.test.setupFiles, awaitsJobs],
        sequence: { groupOrder: 2 },
      }),
    ],
  },
})

function project(
  name: string,
  test: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration {
  return { root: serverSettings.root, test: { name, ...serverSettings.test, ...test } }
}
