import { join } from 'node:path'
import type { Reporter } from 'vitest/node'
import { durations } from './durations.ts'
import { reportFolderVariable } from './report-folder.ts'

/** The file in which a suite leaves Vitest's JSON report. */
export function reportFile(folder: string, suite: string): string {
  return join(folder, `${suite}.json`)
}

/** Vitest's reporters for a suite: what people see, and what `npm test` counts. */
export function reportersOf(
  suite: string,
): ('default' | ['json', { outputFile: string }] | Reporter)[] {
  const folder = process.env[reportFolderVariable]
  if (folder === undefined) return ['default']
  return ['default', ['json', { outputFile: reportFile(folder, suite) }], durations]
}
