import { readFileSync } from 'node:fs'
import { VerbError } from '@tenseams/cli/errors'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import type { Step } from './step.ts'
import { judge, limitOf } from './verdict.ts'

/** Changes whenever older files can no longer be read. */
const FORMAT = 1

/** What a run was asked to do. Two runs are comparable when all of it is equal but for the seed. */
export type Settings = {
  /** `answers only` for an address of which nothing but answers is observed. */
  readonly profile: Profile | 'answers only'
  readonly mix: string
  readonly repeatedPercent: number
  readonly arrivals: string
  readonly durationMs: number
  readonly rampMs: number
  readonly maxInFlight: number
  /** Requests a second; undefined when the knee was looked for. */
  readonly rate: number | undefined
  readonly seed: number
}

export type KneeFound = {
  readonly kept: number | undefined
  readonly refused: number | undefined
}

/** A run, as its file has it. */
export type LoadResult = {
  readonly format: typeof FORMAT
  /** When it began, in ISO 8601. */
  readonly at: string
  readonly commit: string
  readonly machine: string
  readonly settings: Settings
  /** In the order in which they were measured. */
  readonly steps: readonly Step[]
  /** Of a run that looked for it. */
  readonly knee: KneeFound | undefined
}

export function resultOf(run: Omit<LoadResult, 'format'>): LoadResult {
  return { format: FORMAT, ...run }
}

/** The lowest rate that was not kept tells what keeps the system from doing more. */
export function limitAt({ steps }: LoadResult): string | undefined {
  const notKept = steps.filter((step) => judge(step).outcome !== 'kept')
  const lowest = notKept.toSorted((one, other) => one.rate - other.rate)[0]
  return lowest && limitOf(lowest)
}

/** @throws VerbError when the file cannot be read, or is no result of this format. */
export function readResult(file: string): LoadResult {
  const json = jsonIn(file)
  const isResult =
    typeof json === 'object' && json !== null && 'format' in json && json.format === FORMAT
  if (isResult) return json as LoadResult
  throw new VerbError(`${file} is no result of this version of npm run load: measure again`)
}

function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new VerbError(`${file} cannot be read`, { cause: error })
  }
}
