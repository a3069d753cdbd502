import { oneOf, readArguments, wholeNumber } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { runVerb } from '@tenseams/cli/run-verb'
import { everyProfile } from '@tenseams/local/launcher/plan/profiles'
import { messageOf } from '@tenseams/service/causes'
import { readRate } from '../load/arguments.ts'
import { LEAST_FOR_LAG_MS } from '../load/report/verdict.ts'
import { withOwnStack } from '../support/own-stack.ts'
import { benchCdc } from './cdc.ts'
import { benchEos } from './eos.ts'
import { benchEventStore } from './event-store.ts'
import { benchFlink } from './flink.ts'
import { benchLake } from './lake.ts'
import { benchWholeWay, type WholeWayWish } from './whole-way.ts'

const usage = `npm run bench -- <bench> [--rounds N] [--seconds N]

Ours beside others in one run, on servers that are started for it and gone at the end.

  event-store   appends with an optimistic check: ours beside one insert a commit through pg and beside emmett's store
  eos           consume, transform, produce: with transactions and without, at intervals of 10 to 1000 ms
  cdc           Postgres to Kafka: Debezium as it is set here beside its defaults
  flink         windows in Flink SQL: state in RocksDB beside state on the heap, the late gate beside others, rescaling
  lake          Kafka to Iceberg: the service lakehouse beside Iceberg's own sink in Kafka Connect
  whole-way     from HTTP to gold: this commit beside another one, under the load of npm run load

  --rounds N    how often each contestant has its turn (5 at least, default 5)
  --seconds N   how long a turn is (default 3, of eos 2, of cdc and lake 8, of whole-way 30)
  --quick       of eos, flink and lake: three rounds of fewer conditions, for a look; of whole-way: three rounds
  --records N   of lake: the backlog by which memory is measured (default 5000000, quick 500000); of cdc: of a turn (30000);
                of flink: orders, each with two payment events (200000, quick 50000)
  --commits N   of lake: the longest history of a table (default 1000; 10000 takes long)
  --page        of lake: put the tables into docs/bench/lakehouse.md
  --base <commit>         of whole-way: the commit beside which this one is measured, in a worktree of its own
  --rate N                of whole-way: orders a second (default: each turn looks for its knee, which takes long)
  --profile minimal|full  of whole-way (default full)

Exit codes: 0 all goals reached, 1 one was missed, 2 it could not be measured.`

const benches = ['event-store', 'eos', 'cdc', 'flink', 'lake', 'whole-way'] as const

const flinkParts = ['contracts', 'flink-jobmanager', 'flink-taskmanager', 'sql-gateway']

type Wish = {
  readonly bench: (typeof benches)[number]
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
  readonly records: number
  readonly commits: number
  readonly page: boolean
  readonly wholeWay: Pick<WholeWayWish, 'base' | 'rate' | 'profile'>
}

async function bench(args: readonly string[]): Promise<ExitCode> {
  const wish = readWish(args)
  const isReached = await measure(wish).catch((error: unknown) => {
    throw new VerbError(messageOf(error))
  })
  return isReached ? exitCodes.holds : exitCodes.refuted
}

/** @returns whether all goals were reached. */
function measure(wish: Wish): Promise<boolean> {
  if (wish.bench === 'whole-way') return benchWholeWay({ ...wish, ...wish.wholeWay })
  if (wish.bench === 'eos') return withOwnStack(['kafka-users'], (stack) => benchEos(stack, wish))
  if (wish.bench === 'cdc') return withOwnStack(['connectors'], (stack) => benchCdc(stack, wish))
  if (wish.bench === 'flink') return withOwnStack(flinkParts, (stack) => benchFlink(stack, wish))
  if (wish.bench === 'lake') {
    return withOwnStack(['contracts', 'catalog'], (stack) => benchLake(stack, wish))
  }
  return withOwnStack(['databases'], (stack) => benchEventStore(stack, wish))
}

function readWish(args: readonly string[]): Wish {
  const { values, positionals } = readArguments(args, {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    records: { type: 'string' },
    commits: { type: 'string', default: '1000' },
    page: { type: 'boolean', default: false },
    base: { type: 'string' },
    rate: { type: 'string' },
    profile: { type: 'string', default: 'full' },
  })
  const bench = benches.find((name) => name === positionals.join(' '))
  if (bench === undefined) throw new UsageError(`which bench? ${benches.join(', ')}`)
  const { quick, page } = values
  if (quick && bench === 'event-store') throw new UsageError(`${bench} has no --quick`)
  const least = quick ? 3 : 5
  const usualSeconds = {
    ...{ 'event-store': 3, eos: 2, cdc: 8, flink: 8, lake: 8, 'whole-way': 30 },
  }[bench]
  const seconds = Number(values.seconds ?? usualSeconds)
  if (!(seconds > 0 && seconds <= 60)) throw new UsageError('--seconds is above 0, and 60 at most')
  return {
    bench,
    rounds: wholeNumber('--rounds', values.rounds ?? String(least), { least }),
    seconds,
    quick,
    records: wholeNumber('--records', values.records ?? String(recordsOf(bench, quick)), {
      least: 1,
    }),
    commits: wholeNumber('--commits', values.commits, { least: 100 }),
    page,
    wholeWay: readWholeWay(values, bench, seconds),
  }
}

type WholeWayValues = { readonly base?: string; readonly rate?: string; readonly profile: string }

function readWholeWay(
  { base = '', rate, profile }: WholeWayValues,
  bench: Wish['bench'],
  seconds: number,
): Wish['wholeWay'] {
  if (bench === 'whole-way' && base === '') throw new UsageError('whole-way needs --base <commit>')
  if (bench === 'whole-way' && rate === undefined && seconds * 1_000 < LEAST_FOR_LAG_MS) {
    throw new UsageError('whole-way without --rate needs --seconds of 20 or more')
  }
  return {
    base,
    rate: rate === undefined ? undefined : readRate(rate),
    profile: oneOf('--profile', profile, everyProfile),
  }
}

function recordsOf(bench: Wish['bench'], quick: boolean): number {
  if (bench === 'cdc') return 30_000
  if (bench === 'flink') return quick ? 50_000 : 200_000
  return quick ? 500_000 : 5_000_000
}

await runVerb(bench, usage)
// After Ctrl-C, a client may still be waiting for a server that is gone.
process.exit()
