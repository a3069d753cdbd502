import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How many runs a folder of results keeps. */
const KEPT = 50

/**
 * Writes a run's figures and its page side by side, and removes the oldest runs.
 *
 * @param at in ISO 8601, from which the files get their names.
 * @returns both files.
 */
export function writeRun(
  at: string,
  { json, page }: { readonly json: object; readonly page: string },
  folder: string,
): { readonly json: string; readonly page: string } {
  mkdirSync(folder, { recursive: true })
  const name = at.replace(/\..*$/, '').replaceAll(':', '-')
  const files = { json: join(folder, `${name}.json`), page: join(folder, `${name}.html`) }
  writeFileSync(files.json, `${JSON.stringify(json)}\n`)
  writeFileSync(files.page, page)
  for (const old of surplus(readdirSync(folder))) rmSync(join(folder, old), { force: true })
  return files
}

const RUN = /^(\d{4}-\d\d-\d\dT[\d-]+)\.(?:json|html)$/

/** The files of the oldest runs beyond those that are kept. What somebody has named otherwise is theirs. */
export function surplus(files: readonly string[], kept = KEPT): readonly string[] {
  const runs = [...new Set(files.flatMap((file) => RUN.exec(file)?.[1] ?? []))].sort()
  const old = new Set(runs.slice(0, Math.max(0, runs.length - kept)))
  return files.filter((file) => old.has(RUN.exec(file)?.[1] ?? ''))
}
