import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter } from 'vitest/node'
import { reportFolderVariable } from './report-folder.ts'

/** How long a test file took, with its hooks and its imports. */
export type FileDuration = { readonly file: string; readonly durationMs: number }

const durationsFile = (folder: string) => join(folder, 'durations.jsonl')

/** Leaves the duration of each test file where `npm test` finds it. */
export const durations: Reporter = {
  onTestModuleEnd(module) {
    const folder = process.env[reportFolderVariable]
    if (folder === undefined) return
    const { duration, collectDuration, setupDuration } = module.diagnostic()
    const durationMs = Math.round(duration + collectDuration + setupDuration)
    const line = JSON.stringify({ file: module.relativeModuleId, durationMs })
    appendFileSync(durationsFile(folder), `${line}\n`)
  },
}

/** The durations of all files that ran, of both suites. */
export function readDurations(folder: string): readonly FileDuration[] {
  const file = durationsFile(folder)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as FileDuration)
}

const SHOWN = 10

/** The ten slowest files as lines for people, the slowest first. */
export function slowestLines(files: readonly FileDuration[]): readonly string[] {
  return [...files]
    .sort((one, other) => other.durationMs - one.durationMs)
    .slice(0, SHOWN)
    .map(({ file, durationMs }) => `${(durationMs / 1_000).toFixed(1).padStart(7)} s  ${file}`)
}
