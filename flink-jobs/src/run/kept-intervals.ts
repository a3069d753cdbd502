import {
  type Intervals,
  intervalsOf,
  jobNames,
  ownIntervals,
  readJob,
  withIntervals,
} from '../script/job.ts'
import { intervalsOfState } from './kept-submission.ts'

/** The intervals with which a job runs when a start wants others for a new instance (`SubmitOptions.keepsIntervals`). */
export function intervalsInUse(stateFolder: string, name: string, wanted: Intervals): Intervals {
  const job = readJob(name)
  const used = intervalsOfState(stateFolder, job) ?? ownIntervals(job, wanted)
  return intervalsOf(withIntervals(job, used))
}

/**
 * A line for people when jobs keep the intervals of their state although a start wants others: which ones, and what would
 * change them.
 */
export function keptIntervalsLine(stateFolder: string, wanted: Intervals): string | undefined {
  const kept = new Map<string, string>()
  for (const name of jobNames()) {
    const used = intervalsInUse(stateFolder, name, wanted)
    for (const [mark, value] of Object.entries(ownIntervals(readJob(name), wanted))) {
      if (used[mark] !== undefined && used[mark] !== value) kept.set(mark, used[mark])
    }
  }
  if (kept.size === 0) return undefined
  const values = [...kept].map(([mark, value]) => `${mark} ${value.replace('INTERVAL ', '')}`)
  return (
    `the Flink jobs go on from their state, with the intervals that it was made with: ${values.join(', ')}. ` +
    'Shorter ones need a new instance: --instance <name> --port-offset <n>'
  )
}

const secondsIn: Readonly<Record<string, number>> = {
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3_600,
  DAY: 86_400,
}

/** The length of an interval such as `INTERVAL '10' MINUTE` in seconds. */
export function secondsOf(interval: string): number {
  const [, count, unit = ''] = /^INTERVAL '(\d+)' (\w+)$/.exec(interval) ?? []
  const seconds = secondsIn[unit]
  if (seconds === undefined) throw new Error(`not an interval: ${interval}`)
  return Number(count) * seconds
}
