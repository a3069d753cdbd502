import { join } from 'node:path'

/** Where a run of `npm test` wants its figures; without it a lane only shows them. */
export const reportFolderVariable = 'TEN_SEAMS_REPORT_FOLDER'

/** The file in which a lane leaves Vitest's JSON report. */
export function reportFile(folder: string, lane: string): string {
  return join(folder, `${lane}.json`)
}

/** Vitest's reporters for a lane: what people see, and what `npm test` counts. */
export function reportersOf(lane: string): (string | [string, { outputFile: string }])[] {
  const folder = process.env[reportFolderVariable]
  if (folder === undefined) return ['default']
  return ['default', ['json', { outputFile: reportFile(folder, lane) }]]
}

/** The file in which the integration lane leaves the name and the ports of its stack. */
export const stackFile = 'stack.json'
