import { openCodec } from '@tenseams/contracts/codec'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { openKafka } from '../support/login.ts'
import { Arrivals } from './flink/arrivals.ts'
import { type Contestant, contestants } from './flink/contestants.ts'
import { writeLoad } from './flink/load.ts'
import { type Turn, turn } from './flink/race.ts'
import { type Steady, steady } from './flink/steady.ts'
import { ratios, summarise } from './measure.ts'

/** Records per CPU-second, relative to heap state. */
const GOAL = 0.7
const GOAL_RESCALED_MS = 10_000
const STEADY_PER_SECOND = 4_000

type Wish = { readonly rounds: number; readonly records: number }

/**
 * Our windowed jobs over a backlog, each alone, with state in RocksDB and on the heap; then one of them under a constant
 * load, rescaled.
 *
 * @returns whether RocksDB reaches the goal in each window, and the lag after rescaling was 0 in time.
 */
export async function benchFlink(stack: Stack, { rounds, records }: Wish): Promise<boolean> {
  const { kafkaBrokers: brokers, registryUrl } = stack.endpoints
  const codec = openCodec(registryUrl, 10_000)
  const producer = openKafka({ brokers, clientId: 'bench' }).producer({
    ...{ idempotent: true, maxInFlightRequests: 1 },
  })
  await producer.connect()
  const arrivals = await Arrivals.open(brokers, codec)
  try {
    console.error(`writing ${records} orders and their payments`)
    const load = await writeLoad(producer, codec, records)
    const all = contestants()
    console.error('one round of which the compilers learn')
    for (const one of all) await turn(stack, one, load, arrivals)
    const turns = new Map<string, Turn[]>(all.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      console.error(`round ${round + 1} of ${rounds}`)
      for (const one of round % 2 === 0 ? all : all.toReversed()) {
        turns.get(one.name)?.push(await turn(stack, one, load, arrivals))
      }
    }
    console.error('constant load, rescaled')
    const [tumbling] = all
    if (tumbling === undefined) throw new Error('there is no contestant')
    const wish = { perSecond: STEADY_PER_SECOND, times: rounds }
    const constant = await steady(stack, tumbling.job, { producer, codec, arrivals }, wish)
    console.log(`${rounds} rounds of ${records} orders: median (least–most)\n`)
    const isReached = report(all, turns)
    return reportSteady(constant) && isReached
  } finally {
    await arrivals.close()
    await producer.disconnect()
  }
}

function report(all: readonly Contestant[], turns: ReadonlyMap<string, readonly Turn[]>): boolean {
  const perCpu = (name: string) => (turns.get(name) ?? []).map((one) => one.perCpuSecond)
  console.log("| job | records a CPU-second | µs of CPU a record | records/s | by the other's |")
  console.log('|---|---|---|---|---|')
  for (const { name, window } of all) {
    const other = name.endsWith('RocksDB') ? `${window}, heap` : `${window}, RocksDB`
    const cpu = perCpu(name)
    const walls = (turns.get(name) ?? []).map((one) => one.perSecond)
    const micros = cpu.map((value) => 1e6 / value)
    const ratio = spread(ratios(cpu, perCpu(other)), 2)
    console.log(
      `| ${name} | ${spread(cpu)} | ${spread(micros, 1)} | ${spread(walls)} | ${ratio} of ${other} |`,
    )
  }
  const windows = [...new Set(all.map(({ window }) => window))]
  const reached = windows.map((window) => {
    const { median } = summarise(ratios(perCpu(`${window}, RocksDB`), perCpu(`${window}, heap`)))
    const isReached = median >= GOAL
    const verdict = isReached ? 'reached' : 'missed'
    console.log(
      `\n${window}: ${median.toFixed(2)} of heap state; the goal of ${GOAL} is ${verdict}`,
    )
    return isReached
  })
  return reached.every(Boolean)
}

function reportSteady(constant: Steady): boolean {
  const { rescaledMs, checkpoints, offeredPerSecond, achievedPerSecond, usualLagMs } = constant
  const isVoid = achievedPerSecond < 0.99 * offeredPerSecond
  const isReached = !isVoid && summarise(rescaledMs).median <= GOAL_RESCALED_MS
  console.log(
    `\nconstant load: ${offeredPerSecond} payments/s offered, ${achievedPerSecond.toFixed(0)} sent; ` +
      `the newest window was ${usualLagMs} ms behind${isVoid ? '; VOID, too few were sent' : ''}`,
  )
  console.log(
    `rescaled 1→2→1: lag 0 after ${spread(rescaledMs)} ms; ${isReached ? 'reached' : 'missed'}`,
  )
  console.log(
    `${checkpoints.count} checkpoints: p50 ${checkpoints.p50} ms, p99 ${checkpoints.p99} ms`,
  )
  return isReached
}

function spread(values: readonly number[], digits = 0): string {
  const { median, least, most } = summarise(values)
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}
