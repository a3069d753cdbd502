import { parseArgs } from 'node:util'
import { withOwnStack } from '../support/own-stack.ts'
import { benchCdc } from './cdc.ts'
import { benchEos } from './eos.ts'
import { benchEventStore } from './event-store.ts'
import { benchFlink } from './flink.ts'
import { benchLake } from './lake.ts'

const usage = `npm run bench -- <bench> [--rounds N] [--seconds N]

Ours beside others in one run, on servers that are started for it and gone at the end.

  event-store   appends with an optimistic check: ours beside one insert a commit through pg and beside emmett's store
  eos           consume, transform, produce: with transactions and without, at intervals of 10 to 1000 ms
  cdc           Postgres to Kafka: Debezium as it is set here beside its defaults
  flink         windows in Flink SQL: state in RocksDB beside state on the heap, the late gate beside others, rescaling
  lake          Kafka to Iceberg: the service lakehouse beside Iceberg's own sink in Kafka Connect

  --rounds N    how often each contestant has its turn (5 at least, default 5)
  --seconds N   how long a turn is (default 3, of eos 2, of cdc and lake 8)
  --quick       of eos, flink and lake: three rounds of fewer conditions, for a look
  --records N   of lake: the backlog by which memory is measured (default 5000000, quick 500000); of cdc: of a turn (30000);
                of flink: orders, each with two payment events (200000, quick 50000)
  --commits N   of lake: the longest history of a table (default 1000; 10000 takes long)
  --page        of lake: put the tables into docs/bench/lakehouse.md
  --help        this text

Exit code: 0 all goals reached, 1 one was missed, 2 it could not be measured.`

const benches = ['event-store', 'eos', 'cdc', 'flink', 'lake'] as const

const flinkParts = ['contracts', 'flink-jobmanager', 'flink-taskmanager', 'sql-gateway']

type Wish = {
  readonly bench: (typeof benches)[number]
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
  readonly records: number
  readonly commits: number
  readonly page: boolean
}

// At once: after Ctrl-C somebody may still wait for what will not come.
process.exit(await main(process.argv.slice(2)))

async function main(parameters: string[]): Promise<number> {
  const wish = readWish(parameters)
  if (wish === 'help') {
    console.log(usage)
    return 0
  }
  if (wish === undefined) return 2
  try {
    return (await measure(wish)) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

/** @returns whether all goals were reached. */
function measure(wish: Wish): Promise<boolean> {
  if (wish.bench === 'eos') return withOwnStack(['kafka'], (stack) => benchEos(stack, wish))
  if (wish.bench === 'cdc') return withOwnStack(['connectors'], (stack) => benchCdc(stack, wish))
  if (wish.bench === 'flink') return withOwnStack(flinkParts, (stack) => benchFlink(stack, wish))
  if (wish.bench === 'lake') {
    return withOwnStack(['contracts', 'catalog'], (stack) => benchLake(stack, wish))
  }
  return withOwnStack(['databases'], (stack) => benchEventStore(stack, wish))
}

function readWish(parameters: string[]): Wish | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        records: { type: 'string' },
        commits: { type: 'string', default: '1000' },
        page: { type: 'boolean', default: false },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return 'help'
    const bench = benches.find((name) => name === positionals.join(' '))
    if (bench === undefined) throw new Error(`which bench? ${benches.join(', ')}`)
    const { quick, page } = values
    if (quick && bench === 'event-store') throw new Error(`${bench} has no --quick`)
    const rounds = Number(values.rounds ?? (quick ? 3 : 5))
    const seconds = Number(
      values.seconds ?? { 'event-store': 3, eos: 2, cdc: 8, flink: 8, lake: 8 }[bench],
    )
    const records = Number(values.records ?? recordsOf(bench, quick))
    const commits = Number(values.commits)
    if (!(Number.isInteger(rounds) && rounds >= (quick ? 3 : 5))) {
      throw new Error('--rounds is 5 at least')
    }
    if (!(seconds > 0 && seconds <= 60)) throw new Error('--seconds is above 0, and 60 at most')
    if (!(Number.isInteger(records) && records > 0)) throw new Error('--records is a number')
    if (!(Number.isInteger(commits) && commits >= 100)) throw new Error('--commits is 100 at least')
    return { bench, rounds, seconds, quick, records, commits, page }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function recordsOf(bench: Wish['bench'], quick: boolean): number {
  if (bench === 'cdc') return 30_000
  if (bench === 'flink') return quick ? 50_000 : 200_000
  return quick ? 500_000 : 5_000_000
}
