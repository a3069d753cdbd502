import { adminPool } from '../support/shop.ts'
import type { TestStack } from '../support/stack.ts'
import { type Contestant, emmett, nobody, oneInsertACommit, ours } from './contestants.ts'
import {
  cpuMicrosPerEvent,
  eventsPerSecond,
  type Run,
  ratios,
  run,
  type Summary,
  summarise,
} from './measure.ts'

export type BenchOptions = { readonly rounds: number; readonly seconds: number }

const CALLERS = [16, 256]
const WARM_UP_MS = 1_000

/** The goals: events per second relative to the other's, in the same round. */
const goals: readonly { readonly callers: number; readonly by: string; readonly ratio: number }[] =
  [
    { callers: 16, by: 'one insert a commit', ratio: 2 },
    { callers: 16, by: 'emmett', ratio: 6 },
    { callers: 256, by: 'one insert a commit', ratio: 6 },
    { callers: 256, by: 'emmett', ratio: 15 },
  ]

/** Runs of one contestant with a number of callers, one for each round. */
type Series = { readonly name: string; readonly callers: number; readonly runs: readonly Run[] }

/**
 * Contestants take turns in every round, in rotating order, so that other work on the machine affects all. A closed loop:
 * the ratios count. Every acknowledged append must exist at the end.
 *
 * @returns whether all goals were reached.
 */
export async function benchEventStore(stack: TestStack, options: BenchOptions): Promise<boolean> {
  console.log(await conditionsOf(stack))
  const contestants = [ours(stack), oneInsertACommit(stack), await emmett(stack), nobody()]
  try {
    const acknowledged = new Map<string, number>()
    const note = ({ name }: Contestant, { events }: Run) =>
      acknowledged.set(name, (acknowledged.get(name) ?? 0) + events)
    for (const each of contestants) note(each, await run(each.appendNext, 64, WARM_UP_MS))
    const series = await rounds(contestants, options, note)
    for (const each of contestants) await assertAllThere(each, acknowledged.get(each.name) ?? 0)
    return report(series)
  } finally {
    for (const each of contestants) await each.close()
  }
}

async function rounds(
  contestants: readonly Contestant[],
  options: BenchOptions,
  note: (contestant: Contestant, run: Run) => void,
): Promise<readonly Series[]> {
  const found = new Map<string, { name: string; callers: number; runs: Run[] }>()
  for (let round = 0; round < options.rounds; round += 1) {
    for (const callers of CALLERS) {
      for (const index of contestants.keys()) {
        const contestant = contestants[(index + round) % contestants.length]
        if (contestant === undefined) continue
        const one = await run(contestant.appendNext, callers, options.seconds * 1_000)
        note(contestant, one)
        const key = `${contestant.name} ${callers}`
        const series = found.get(key) ?? { name: contestant.name, callers, runs: [] }
        series.runs.push(one)
        found.set(key, series)
      }
    }
    console.log(`round ${round + 1} of ${options.rounds}`)
  }
  return [...found.values()]
}

/** The figures of a store that is not durable would be worthless. */
async function conditionsOf(stack: TestStack): Promise<string> {
  const pool = adminPool(stack)
  try {
    const { rows } = await pool.query<{ version: string; fsync: string; commit: string }>(
      `select current_setting('server_version') as version, current_setting('fsync') as fsync,
              current_setting('synchronous_commit') as commit`,
    )
    const { version, fsync, commit } = rows[0] ?? { version: '', fsync: '', commit: '' }
    if (fsync !== 'on' || commit !== 'on') throw new Error('Postgres runs without durability')
    return `Postgres ${version}, fsync on, synchronous_commit on; Node ${process.version}`
  } finally {
    await pool.end()
  }
}

async function assertAllThere(contestant: Contestant, acknowledged: number): Promise<void> {
  const stored = await contestant.stored()
  if (stored === acknowledged) return
  throw new Error(`${contestant.name}: ${acknowledged} appends were acknowledged, ${stored} exist`)
}

function report(series: readonly Series[]): boolean {
  console.log('\ncallers  contestant           events/s              CPU of Node, µs an event')
  for (const { name, callers, runs } of series) {
    const speed = text(summarise(runs.map(eventsPerSecond)), 0)
    const cpu = text(summarise(runs.map(cpuMicrosPerEvent)), 1)
    console.log(`${String(callers).padEnd(8)} ${name.padEnd(20)} ${speed.padEnd(21)} ${cpu}`)
  }
  console.log('\nmedian (least–most); "nobody" is the generator alone\n')
  const reached = goals.map((goal) => judge(series, goal))
  return reached.every(Boolean)
}

function judge(series: readonly Series[], { callers, by, ratio }: (typeof goals)[number]): boolean {
  const speeds = (name: string) =>
    (series.find((each) => each.name === name && each.callers === callers)?.runs ?? []).map(
      eventsPerSecond,
    )
  const found = summarise(ratios(speeds('ours'), speeds(by)))
  const isReached = found.median >= ratio
  const verdict = isReached ? 'reached' : 'NOT REACHED'
  console.log(`${callers} callers, ours by ${by}: ${text(found, 1)}, goal ${ratio}: ${verdict}`)
  return isReached
}

function text({ median, least, most }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}
