import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonFile } from '@tenseams/cli/instance'
import type { Paths } from '../host/paths.ts'

/** How often a component has died by itself of late, and what was done about it. */
export type Restarts = {
  /** When it died, in milliseconds since 1970; those within the window only. */
  readonly deaths: readonly number[]
  /** It is not started again before somebody does so. */
  readonly gaveUp: boolean
}

export type RestartPlan = { readonly kind: 'restart'; readonly afterMs: number } | GiveUp

type GiveUp = { readonly kind: 'give up' }

const WINDOW_MS = 30 * 60_000
const MOST_DEATHS = 10
/** One death may have many causes; the third within minutes has one. */
const DEATHS_OF_A_LOOP = 3
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

export const noRestarts: Restarts = { deaths: [], gaveUp: false }

/** What is known after another death, and what to do: start again after a pause that doubles, or give up after the tenth. */
export function afterDeath(before: Restarts, now: number): readonly [Restarts, RestartPlan] {
  const deaths = [...before.deaths.filter((at) => now - at < WINDOW_MS), now]
  if (deaths.length >= MOST_DEATHS) return [{ deaths, gaveUp: true }, { kind: 'give up' }]
  const afterMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (deaths.length - 1))
  return [
    { deaths, gaveUp: false },
    { kind: 'restart', afterMs },
  ]
}

/** For people: empty without a death in the last half hour. */
export function restartsText({ deaths, gaveUp }: Restarts, now: number): string {
  const recent = deaths.filter((at) => now - at < WINDOW_MS)
  const last = recent.at(-1)
  if (last === undefined) return ''
  const counted = `${recent.length} in 30 min, last ${Math.round((now - last) / 1_000)} s ago`
  if (gaveUp) return `crash loop, given up: ${counted}`
  return recent.length >= DEATHS_OF_A_LOOP ? `crash loop: ${counted}` : counted
}

const fileOf = (paths: Paths, name: string) => join(paths.run, `${name}.restarts`)

export function readRestarts(paths: Paths, name: string): Restarts {
  return (readJsonFile(fileOf(paths, name)) as Restarts | undefined) ?? noRestarts
}

export function writeRestarts(paths: Paths, name: string, restarts: Restarts): void {
  writeFileSync(fileOf(paths, name), `${JSON.stringify(restarts)}\n`)
}

/** Somebody has started or ended it on purpose: what was before does not count any more. */
export function forgetRestarts(paths: Paths, name: string): void {
  rmSync(fileOf(paths, name), { force: true })
}
