import { readdirSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { allContests, fewContests, turnsOf, warmUps } from './eos/contests.ts'
import { othersShare, type TurnFigures } from './eos/figures.ts'
import { report, writeFigures } from './eos/report.ts'
import { type Bench, openBench, PARTITIONS, RECORDS_PER_SECOND, take } from './eos/turn.ts'

export type EosOptions = {
  readonly rounds: number
  readonly seconds: number
  /** The extremes of both scales, and the usual setting. */
  readonly quick: boolean
}

/**
 * The transactional loop compared with the same loop without transactions, on one broker, at several intervals. The sides
 * take turns, one right after the other.
 *
 * @returns whether the goal was reached.
 */
export async function benchEos(stack: Stack, options: EosOptions): Promise<boolean> {
  const { quick, rounds, seconds } = options
  const contests = quick ? fewContests : allContests
  const conditions = conditionsOf(stack, options)
  for (const [name, value] of Object.entries(conditions)) console.log(`${name}: ${value}`)
  const bench = await openBench(stack.endpoints.kafkaBrokers, await brokerPidOf(stack))
  try {
    await warmUp(bench)
    const turns: TurnFigures[] = []
    for (let round = 0; round < rounds; round += 1) {
      const begun = turns.length
      for (const turn of turnsOf(contests, round)) {
        turns.push(await take(bench, turn, round, seconds))
      }
      writeFigures({ conditions, turns })
      console.error(lineOf(round, rounds, turns.slice(begun)))
    }
    const file = writeFigures({ conditions, turns })
    const reached = report(contests, turns)
    console.log(`\nall figures of all turns: ${file}`)
    return reached
  } finally {
    await bench.close()
  }
}

/** Warms up the JIT compilers of both sides. */
async function warmUp(bench: Bench): Promise<void> {
  for (const turn of turnsOf(warmUps, 0)) await take(bench, turn, -1, 0)
}

async function brokerPidOf(stack: Stack): Promise<number> {
  const pid = (await stack.status()).find(({ name }) => name === 'kafka')?.pid
  if (pid === undefined) throw new Error('no broker runs')
  return pid
}

function conditionsOf({ context: { paths } }: Stack, { rounds, seconds }: EosOptions) {
  const jars = readdirSync(`${paths.jvm}/lib/kafka`)
  const version = jars.map((jar) => /^kafka-clients-(.+)\.jar$/.exec(jar)?.[1]).find(Boolean)
  return {
    begun: new Date().toISOString(),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}`,
    load: loadavg()
      .map((each) => each.toFixed(1))
      .join(' '),
    versions: `Kafka ${version}, Node ${process.version}, kafkajs 2.2.4`,
    offered: `${RECORDS_PER_SECOND} records/s on ${PARTITIONS} partitions, ${seconds} s a turn, ${rounds} rounds`,
  }
}

function lineOf(round: number, rounds: number, turns: readonly TurnFigures[]): string {
  const shares = turns.map((turn) => othersShare(turn, availableParallelism()))
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return `round ${round + 1} of ${rounds}; others had ${Math.round(mean * 100)} % of all cores`
}
