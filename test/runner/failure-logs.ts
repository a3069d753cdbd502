import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { lastLines } from '@tenseams/local/launcher/supervise/log'
import type { Reporter } from 'vitest/node'
import { instanceOf, instanceVariable } from './instances/instance.ts'

const LINES = 12

/**
 * Shows the end of each component's log at the moment a test of the integration suite fails: by the end of the
 * run, later tests have written more to the logs.
 */
export const failureLogs: Reporter = {
  onTestCaseResult(test) {
    if (test.result().state === 'failed') showLogs(`when "${test.fullName}" failed`)
  },
  onTestModuleEnd(file) {
    if (file.errors().length > 0) showLogs(`when ${file.relativeModuleId} failed`)
  },
  onTestRunEnd(files, _errors, reason) {
    if (files.length === 0 && reason === 'failed') showLogs('when the stack did not start')
  },
}

function showLogs(when: string): void {
  const instance = process.env[instanceVariable] ?? instanceOf(process.pid)
  const { logs } = pathsOf(projectRoot, instance)
  for (const [file, lines] of lastLogs(logs)) console.log(`\n${file}, ${when}\n${lines.join('\n')}`)
}

/** The last lines of every log in a folder; nothing when the folder isn't there. */
export function lastLogs(folder: string): readonly (readonly [string, readonly string[]])[] {
  return filesOf(folder).map((name) => {
    const lines = lastLines(join(folder, name), LINES)
    return [name, lines.map((line) => `  | ${line}`)]
  })
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
