import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Contestant } from './cdc/contestants.ts'
import { Race, ROWS_A_TRANSACTION, SINGLE_WRITES_A_SECOND, type Turn } from './cdc/race.ts'
import { ratios, summarise } from './measure.ts'

const GOAL = 2

type Wish = { readonly rounds: number; readonly seconds: number; readonly records: number }

/**
 * Events of an outbox with different settings of the same connector: a backlog, which one after another catches up with,
 * and single writes.
 *
 * @returns whether ours reaches the goal of events per CPU-second of Connect, relative to the defaults.
 */
export async function benchCdc(stack: Stack, { rounds, seconds, records }: Wish): Promise<boolean> {
  const race = await Race.open(stack)
  try {
    console.error('one round of which the compilers learn')
    await race.round(-1, records)
    const turns: ReadonlyMap<string, Turn>[] = []
    for (let at = 0; at < rounds; at++) {
      turns.push(await race.round(at, records))
      console.error(`round ${at + 1} of ${rounds}`)
    }
    const latencies = new Map<string, readonly number[]>()
    for (const { name } of race.contestants) {
      latencies.set(name, await race.latencies(name, seconds))
      console.error(`single writes by ${name}`)
    }
    console.log(
      `${rounds} rounds of ${records} events in transactions of ${ROWS_A_TRANSACTION}: median (least–most); then ` +
        `${SINGLE_WRITES_A_SECOND} single writes a second for ${seconds} s: from commit to a reader of committed records\n`,
    )
    return report(race.contestants, turns, latencies)
  } finally {
    await race.close()
  }
}

function report(
  contestants: readonly Contestant[],
  rounds: readonly ReadonlyMap<string, Turn>[],
  latencies: ReadonlyMap<string, readonly number[]>,
): boolean {
  const of = (name: string, figure: keyof Turn) =>
    rounds.map((turns) => turns.get(name)?.[figure] ?? Number.NaN)
  const perCpu = (name: string) => of(name, 'perCpuSecond')
  console.log(
    "| settings | events a CPU-second of Connect | by the defaults' | events/s | p50 | p99 |",
  )
  console.log('|---|---|---|---|---|---|')
  for (const { name, says } of contestants) {
    const ratio = spread(ratios(perCpu(name), perCpu('default')), 2)
    const times = (latencies.get(name) ?? []).toSorted((one, other) => one - other)
    const at = (share: number) => `${times[Math.floor(share * (times.length - 1))]?.toFixed(0)} ms`
    console.log(
      `| ${says} | ${spread(perCpu(name))} | ${ratio} | ${spread(of(name, 'perSecond'))} | ${at(0.5)} | ${at(0.99)} |`,
    )
  }
  const reached = summarise(ratios(perCpu('ours'), perCpu('default'))).median
  const isReached = reached >= GOAL
  console.log(
    `\nours by the defaults': ${reached.toFixed(2)}; the goal of ${GOAL} is ${isReached ? 'reached' : 'missed'}`,
  )
  return isReached
}

function spread(values: readonly number[], digits = 0): string {
  const { median, least, most } = summarise(values)
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}
