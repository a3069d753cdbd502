import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { rootFolder } from '../../runner/program.ts'
import { ratios, type Summary, summarise } from '../measure.ts'
import { asServices, type Contest } from './contests.ts'
import {
  ACHIEVED_FOR_LATENCY,
  bothMicrosPerRecord,
  brokerMicrosPerRecord,
  loopMicrosPerRecord,
  microsPerTransaction,
  othersShare,
  type Pair,
  pairsOf,
  recordsForShare,
  recordsPerSecond,
  recordsPerTransaction,
  retriedShare,
  type TurnFigures,
} from './figures.ts'

/** So much of what a core does without transactions it is to do with them, bounded as services bound them. */
const GOAL = 0.95
/** Of those that count, so that a median says something. */
const LEAST_ROUNDS = 3

type Figure = (turn: TurnFigures) => number

/** Writes the figures of every turn, for whoever wants to reckon otherwise. */
export function writeFigures(figures: {
  readonly conditions: Readonly<Record<string, string>>
  readonly turns: readonly TurnFigures[]
}): string {
  const file = join(rootFolder, '.stack', 'bench', 'eos.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
  return file
}

/** @returns whether the goal was reached. @throws when what it is judged by was not measured. */
export function report(contests: readonly Contest[], turns: readonly TurnFigures[]): boolean {
  const all = contests.map(({ name, load }) => ({ name, load, pairs: pairsOf(turns, name) }))
  const rows = all.filter(({ pairs }) => pairs.length >= LEAST_ROUNDS)
  for (const { name } of all.filter((row) => !rows.includes(row))) {
    print(`${name}: left out, since the rate was kept in too few rounds`)
  }
  cpuTable(rows)
  const isPaced = ({ load }: Row) => load.kind === 'paced'
  pacedTable(rows.filter(isPaced))
  backlogTable(rows.filter((row) => !isPaced(row)))
  requestTable(rows)
  return judge(rows)
}

type Row = Pick<Contest, 'name' | 'load'> & { readonly pairs: readonly Pair[] }

function cpuTable(rows: readonly Row[]): void {
  print('\nCPU, µs a record: median (least–most), with transactions by without in the same round')
  line('contest', 'loop: with', 'without', 'by', 'broker: with', 'without', 'by')
  for (const { name, pairs } of rows) {
    const cells = [loopMicrosPerRecord, brokerMicrosPerRecord].flatMap((figure) => [
      text(of(pairs, 'transactional', figure), 1),
      text(of(pairs, 'plain', figure), 1),
      text(summarise(by(pairs, figure)), 2),
    ])
    line(name, ...cells)
  }
}

/** An interval is stretched by whatever delays the loop, so both sides say how many records they wrote at once. */
function pacedTable(rows: readonly Row[]): void {
  print(
    '\nlatency, intended send → seen by a reader of committed data, ms (of turns that kept their rate)',
  )
  line('contest', 'p50 p99 with', 'without', 'records: with', 'without', 'achieved')
  for (const { name, pairs } of rows) {
    line(
      name,
      latencies(pairs, 'transactional'),
      latencies(pairs, 'plain'),
      text(of(pairs, 'transactional', recordsPerTransaction), 0),
      text(of(pairs, 'plain', recordsPerTransaction), 0),
      text(
        of(pairs, 'transactional', ({ achieved }) => achieved),
        2,
      ),
    )
  }
}

function backlogTable(rows: readonly Row[]): void {
  print('\na transaction costs more than as many records without one: CPU, µs; and records/s')
  line('contest', 'loop', 'broker', 'retried', 'records/s: with', 'without', 'by')
  for (const { name, pairs } of rows) {
    const more = (figure: Figure) =>
      text(summarise(pairs.map((pair) => microsPerTransaction(figure, pair))), 0)
    const retried = of(pairs, 'transactional', retriedShare).median * 100
    line(
      name,
      more(loopMicrosPerRecord),
      more(brokerMicrosPerRecord),
      `${retried.toFixed(1)} %`,
      text(of(pairs, 'transactional', recordsPerSecond), 0),
      text(of(pairs, 'plain', recordsPerSecond), 0),
      text(summarise(by(pairs, recordsPerSecond)), 2),
    )
  }
}

/** Requests of the loop's process in all turns of a contest together. */
function requestTable(rows: readonly Row[]): void {
  print('\nrequests of the loop a transaction (mean wait for the answer, ms)')
  for (const { name, pairs } of rows) {
    for (const side of ['transactional', 'plain'] as const) {
      print(`${name.padEnd(24)}${side.padEnd(15)}${requestsText(pairs.map((pair) => pair[side]))}`)
    }
  }
}

function requestsText(turns: readonly TurnFigures[]): string {
  const transactions = turns.reduce((sum, turn) => sum + turn.transactions, 0)
  const names = [...new Set(turns.flatMap(({ requests }) => Object.keys(requests)))].sort()
  return names
    .map((name) => {
      const found = turns.flatMap(({ requests }) => requests[name] ?? [])
      const count = found.reduce((sum, each) => sum + each.count, 0)
      const waitedMs = found.reduce((sum, each) => sum + each.waitedMs, 0)
      return `${name} ${(count / transactions).toFixed(2)} (${(waitedMs / count).toFixed(1)})`
    })
    .join('  ')
}

function judge(rows: readonly Row[]): boolean {
  const all = rows.flatMap(({ pairs }) => pairs.flatMap((pair) => Object.values(pair)))
  const others = summarise(all.map((turn) => othersShare(turn, availableParallelism()) * 100))
  print(`\nothers had ${text(others, 0)} % of all cores during a turn`)
  const row = rows.find(({ name }) => name === asServices.name)
  if (row === undefined) throw new Error('what is judged was not measured')
  const { pairs } = row
  const perTransaction = pairs.map((pair) => microsPerTransaction(bothMicrosPerRecord, pair))
  const least = recordsForShare(
    1 - GOAL,
    summarise(perTransaction).median,
    of(pairs, 'plain', bothMicrosPerRecord).median,
  )
  print(
    `a transaction costs less than 5 % of all when it holds more than ${least.toFixed(0)} records`,
  )
  const found = summarise(by(pairs, bothMicrosPerRecord).map((ratio) => 1 / ratio))
  const isReached = found.median >= GOAL
  const verdict = isReached ? 'reached' : 'NOT REACHED'
  print(
    `${row.name}: what a core does with transactions, by without: ${text(found, 2)}, goal ${GOAL}: ${verdict}`,
  )
  return isReached
}

const of = (pairs: readonly Pair[], side: keyof Pair, figure: Figure): Summary =>
  summarise(pairs.map((pair) => figure(pair[side])))

/** With transactions by without, of each round. */
const by = (pairs: readonly Pair[], figure: Figure): readonly number[] =>
  ratios(
    pairs.map(({ transactional }) => figure(transactional)),
    pairs.map(({ plain }) => figure(plain)),
  )

function latencies(pairs: readonly Pair[], side: keyof Pair): string {
  // Only rounds in which both kept it, or the two columns would tell of different moments.
  const found = pairs
    .filter((pair) => Object.values(pair).every(({ achieved }) => achieved >= ACHIEVED_FOR_LATENCY))
    .flatMap((pair) => pair[side].latencyMs ?? [])
  if (found.length === 0) return '–'
  const median = (each: 'p50' | 'p99') => summarise(found.map((one) => one[each])).median.toFixed(0)
  return `${median('p50')} ${median('p99')}`
}

function text({ median, least, most }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

function line(name: string, ...cells: readonly string[]): void {
  print(`${name.padEnd(24)}${cells.map((cell) => cell.padEnd(20)).join('')}`.trimEnd())
}

function print(text: string): void {
  console.log(text)
}
