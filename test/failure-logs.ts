import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines } from '@tenseams/local/log'
import { placesOf, projectRoot } from '@tenseams/local/places'
import type { Reporter } from 'vitest/node'
import { instanceOf, instanceVariable } from './instance.ts'

const LINES = 12

/** Shows the end of each component's log when something of the integration lane has failed. */
export const failureLogs: Reporter = {
  onTestRunEnd(_modules, _errors, reason) {
    if (reason === 'passed') return
    const instance = process.env[instanceVariable] ?? instanceOf(process.pid)
    const { logs } = placesOf(projectRoot, instance)
    for (const [file, lines] of lastLogs(logs)) console.log(`\n${file}\n${lines.join('\n')}`)
  },
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
