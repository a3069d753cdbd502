import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rootFolder } from '../../runner/program.ts'
import { ratios, type Summary, summarise } from '../measure.ts'
import type { MemoryTurn } from './contests.ts'
import {
  allMicros,
  type BacklogTurn,
  type CommitCost,
  type FreshnessTurn,
  growth,
  isKept,
  LEAST_ACHIEVED,
  type PacedRound,
  rowsPerCpuSecond,
  rowsPerSecond,
} from './figures.ts'
import type { Share } from './profile.ts'
import { type Side, sides } from './sinks.ts'

export type Figures = {
  readonly conditions: Readonly<Record<string, string>>
  readonly backlog: readonly BacklogTurn[]
  readonly paced: readonly PacedRound[]
  readonly memory: readonly MemoryTurn[]
  readonly shares: readonly Share[]
  readonly mainThreadShare: number
  readonly sums: string
  readonly drainRate: number
  readonly steps: readonly FreshnessTurn[]
  readonly knee: number | undefined
  readonly freshness: readonly FreshnessTurn[]
  readonly commits: Readonly<Record<'bounded' | 'unbounded', readonly CommitCost[]>>
}

type Goal = { readonly text: string; readonly isReached: boolean }

export const FRESHNESS_GOAL_MS = 1_000
export const GROWTH_GOAL = 1.5

/** Results against the shared goals. */
export function goalsOf(figures: Figures): readonly Goal[] {
  const paced = summarise(pacedRatios(figures.paced))
  const backlog = summarise(backlogRatios(figures.backlog, 'sink'))
  const half = figures.freshness.find(({ side }) => side === 'ours')
  const grown = growth(figures.commits.bounded)
  const isFresh = half !== undefined && isKept(half) && half.latency.p99Ms <= FRESHNESS_GOAL_MS
  return [
    {
      text: `rows per CPU-second, ours by Connect's, both committing each second on the same records: ${text(paced, 2)}, goal 1.0`,
      isReached: paced.median >= 1,
    },
    {
      text: `the same of a backlog: ${text(backlog, 2)}, goal 1.0`,
      isReached: backlog.median >= 1,
    },
    {
      text: `freshness at half the knee, p99: ${half?.latency.p99Ms.toFixed(0) ?? '–'} ms, goal ${FRESHNESS_GOAL_MS} ms`,
      isReached: isFresh,
    },
    {
      text: `a commit with the longest history by one with the shortest, snapshots forgotten: ${grown.toFixed(2)}, goal ${GROWTH_GOAL} at most`,
      isReached: grown <= GROWTH_GOAL,
    },
  ]
}

/** Writes the figures of every turn, for other calculations. */
export function writeFigures(figures: Partial<Figures>): string {
  const file = join(rootFolder, '.stack', 'bench', 'lake.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
  return file
}

const [BEGIN, END] = ['<!-- written by npm run bench -- lake --page -->', '<!-- until here -->']

/** Writes the tables into the page, between its two marks; the rest of the page is unchanged. */
export function writePage(tables: string): void {
  const file = join(rootFolder, 'docs', 'bench', 'lakehouse.md')
  writeFileSync(file, replaceBetweenMarks(readFileSync(file, 'utf8'), tables))
}

export function replaceBetweenMarks(page: string, tables: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`the page has no marks for tables: ${BEGIN}`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`
}

/** The report, for the page and for the terminal. */
export function tablesOf(figures: Figures): string {
  const conditions = Object.entries(figures.conditions).map(
    ([name, value]) => `- ${name}: ${value}`,
  )
  const goals = goalsOf(figures).map(
    ({ text: goal, isReached }) => `- ${goal}: **${isReached ? 'reached' : 'not reached'}**`,
  )
  return [
    conditions.join('\n'),
    goals.join('\n'),
    ...backlogTable(figures),
    ...pacedTable(figures),
    ...whereTheTimeGoes(figures),
    ...freshnessTable(figures),
    ...memoryTable(figures),
    ...commitTable(figures),
  ].join('\n\n')
}

const nameOf: Readonly<Record<Side, string>> = { ours: 'ours', connect: "Connect's" }

function backlogTable({ backlog, sums }: Figures): readonly string[] {
  const rows = sides.map((side) => {
    const turns = backlog.filter((turn) => turn.side === side)
    const of = (figure: (turn: BacklogTurn) => number, digits: number) =>
      text(summarise(turns.map(figure)), digits)
    return [
      nameOf[side],
      of((turn) => rowsPerCpuSecond(turn.rows, turn.cpu.sink), 0),
      of((turn) => turn.cpu.sink / turn.rows, 1),
      of((turn) => turn.cpu.kafka / turn.rows, 1),
      of((turn) => (turn.cpu.catalog + turn.cpu.postgres) / turn.rows, 2),
      of((turn) => allMicros(turn.cpu) / turn.rows, 1),
      of(rowsPerSecond, 0),
      of((turn) => turn.commits, 0),
      of((turn) => turn.files, 0),
    ]
  })
  return [
    '### A backlog, one sink after the other',
    'Median (least–most) of the rounds. CPU in µs a row.',
    table(
      'sink, rows per CPU-s, sink, broker, catalogue + its database, all, rows/s, commits, files',
      rows,
    ),
    `Ours by Connect's, round by round: rows per CPU-second of the sink ${text(summarise(backlogRatios(backlog, 'sink')), 2)}, of all ${text(summarise(backlogRatios(backlog, 'all')), 2)}. ${sums}`,
  ]
}

function pacedTable({ paced }: Figures): readonly string[] {
  const kept = keptOf(paced)
  const rows = sides.map((side) => [
    nameOf[side],
    text(summarise(kept.map((round) => rowsPerCpuSecond(round.rows, round.sinkMicros[side]))), 0),
    text(summarise(kept.map((round) => round.sinkMicros[side] / round.rows)), 1),
    text(summarise(kept.map((round) => (round.commits[side] * 1_000) / round.ms)), 2),
  ])
  const [first] = kept
  return [
    '### At a steady rate, both at once on the same records',
    `About ${first === undefined ? '–' : Math.round(first.rows / 10) * 10} records a round; achieved ${text(summarise(paced.map(({ achieved }) => achieved * 100)), 1)} % of what was offered; ${kept.length} of ${paced.length} rounds count.`,
    table('sink, rows per CPU-s, µs a row, commits/s', rows),
    `Ours by Connect's, round by round: ${text(summarise(pacedRatios(paced)), 2)}.`,
  ]
}

function whereTheTimeGoes({ shares, mainThreadShare }: Figures): readonly string[] {
  return [
    '### Where our time goes',
    `A backlog under \`node --cpu-prof\`. The main thread has ${percent(mainThreadShare)} of the process' CPU; the rest is DuckDB's writing, gzip and the collector's threads.`,
    table(
      'main thread at, of its time',
      shares.map(({ group, share }) => [group, percent(share)]),
    ),
  ]
}

function freshnessTable({ steps, knee, freshness }: Figures): readonly string[] {
  const cells = (turn: FreshnessTurn) => [
    turn.side === 'ours' ? 'ours, flush 150 to 400 ms' : "Connect's, 1 000 ms",
    turn.rate.toFixed(0),
    `${(turn.achieved * 100).toFixed(1)} %`,
    turn.latency.p50Ms.toFixed(0),
    turn.latency.p99Ms.toFixed(0),
    String(turn.latency.snapshots),
    turn.achieved < LEAST_ACHIEVED ? 'void' : isKept(turn) ? 'yes' : 'no',
  ]
  const head = 'sink, offered/s, achieved, p50 ms, p99 ms, snapshots, kept'
  return [
    '### Freshness',
    `From the time at which a record was to be sent to the first sight of a snapshot with it by a reader that asks the catalogue every 25 ms. The knee: ${knee === undefined ? 'none of the rates was kept' : `${knee.toFixed(0)} records/s`}.`,
    table(head, steps.map(cells)),
    'At 50, 70 and 90 % of it:',
    table(head, freshness.map(cells)),
  ]
}

function memoryTable({ memory }: Figures): readonly string[] {
  return [
    '### Memory',
    'The most that the process ever had in core, after a backlog as its last and greatest task.',
    table(
      'sink, records, peak MB, seconds',
      memory.map(({ side, rows, megabytes, wallMs }) => [
        nameOf[side],
        String(rows),
        megabytes.toFixed(0),
        (wallMs / 1_000).toFixed(1),
      ]),
    ),
  ]
}

function commitTable({ commits }: Figures): readonly string[] {
  const rows = (['bounded', 'unbounded'] as const).flatMap((kind) =>
    commits[kind].map((cost) => [
      kind,
      String(cost.commits),
      String(cost.snapshots),
      cost.ownMs.toFixed(1),
      cost.catalogMs.toFixed(1),
    ]),
  )
  return [
    '### A commit, and the history before it',
    'CPU in ms a commit of 100 rows, mean of twenty. Bounded: twenty snapshots are kept, ten forgotten at once.',
    table('history, commits, snapshots, ours, catalogue', rows),
  ]
}

const keptOf = (paced: readonly PacedRound[]) =>
  paced.filter(({ achieved }) => achieved >= LEAST_ACHIEVED)

export function pacedRatios(paced: readonly PacedRound[]): readonly number[] {
  return keptOf(paced).map(({ sinkMicros }) => sinkMicros.connect / sinkMicros.ours)
}

export function backlogRatios(
  backlog: readonly BacklogTurn[],
  whose: 'sink' | 'all',
): readonly number[] {
  const rates = (side: Side) =>
    backlog
      .filter((turn) => turn.side === side)
      .map(({ rows, cpu }) => rowsPerCpuSecond(rows, whose === 'sink' ? cpu.sink : allMicros(cpu)))
  return ratios(rates('ours'), rates('connect'))
}

function table(head: string, rows: readonly (readonly string[])[]): string {
  const names = head.split(', ')
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(names), `|${'---|'.repeat(names.length)}`, ...rows.map(line)].join('\n')
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

function text({ median, least, most }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}
