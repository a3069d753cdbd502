import type { Verdict } from '../claim.ts'
import type { CaseName, Found } from './cases.ts'

const caseNames: Readonly<Record<CaseName, string>> = {
  twice: 'rows are updated twice between two polls',
  late: 'a transaction commits behind the reader',
  later: 'a transaction commits three seconds behind the reader',
  clocks: 'the clocks of two writers differ by three seconds',
}

/** In these the reader that polls must miss something, in the last two for ever: otherwise nothing was provoked. */
const provoked = { twice: 'missed', late: 'stale', clocks: 'stale' } as const

const LONGEST_LIST = 3

/**
 * The log holds when its reader misses and doubles nothing. Where the reader that polls has missed nothing either, too little has
 * happened for a verdict.
 *
 * @param broken the reader that polls is judged in the place of the log's.
 */
export function judge(found: readonly Found[], broken: boolean): Verdict {
  const table = found.flatMap(linesOf)
  const judged = found.find(({ reader }) => reader === (broken ? 'position' : 'log'))
  if (judged === undefined) return { kind: 'undecided', lines: [...table, 'nobody was judged'] }
  const anomalies = anomaliesOf(judged)
  if (anomalies.length > 0) return { kind: 'refuted', lines: [...table, ...anomalies] }
  const polling = found.find(({ reader }) => reader === 'position')
  const names = ['twice', 'late', 'clocks'] as const
  const unprovoked = names.filter((name) => polling?.cases[name][provoked[name]].length === 0)
  if (polling === undefined || unprovoked.length > 0) {
    const missing = unprovoked.map((name) => `the reader that polls missed nothing: ${name}`)
    return { kind: 'undecided', lines: [...table, ...missing] }
  }
  return {
    kind: 'holds',
    lines: [...table, `ok       the reader of the log missed and doubled nothing`],
  }
}

function anomaliesOf({ reader, cases }: Found): readonly string[] {
  return Object.entries(cases).flatMap(([name, { missed, doubled }]) => {
    const says = caseNames[name as CaseName]
    return [
      ...anomaly(`${reader} missed changes when ${says}`, missed),
      ...anomaly(`${reader} saw changes twice when ${says}`, doubled),
    ]
  })
}

function anomaly(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const listed = names.slice(0, LONGEST_LIST).join(', ')
  return [`BROKEN   ${what}: ${names.length}, such as ${listed}`]
}

/** What a reader made of it, for people. */
export function linesOf({ reader, says, cases, freshness, use }: Found): readonly string[] {
  const changes = Math.max(1, cases.twice.written)
  const ms = (percent: number) => `${Math.round(freshness.percentile(percent))}`
  const each = (figure: number, digits = 2) => (figure / changes).toFixed(digits)
  return [
    `${reader}: ${says}`,
    ...Object.entries(cases).map(([name, { written, missed, doubled, stale }]) => {
      const figures = `${missed.length} of ${written} missed, ${doubled.length} doubled, ${stale.length} orders stale`
      return `  ${figures}: ${caseNames[name as CaseName]}`
    }),
    `  freshness of what it saw, ms: p50 ${ms(50)}, p90 ${ms(90)}, p99 ${ms(99)}, most ${ms(100)}`,
    `  Postgres a change: ${each(use.cpuMs)} ms of CPU, ${each(use.rowsFetched, 1)} rows fetched, ${each(use.transactions)} transactions`,
    `  of that for the reader: ${each(use.readerCpuMs)} ms of CPU, ${each(use.readerRows)} rows, ${each(use.readerStatements)} statements`,
  ]
}
