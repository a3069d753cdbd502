/** The result of a proof's last run. */
export type Result = {
  /** As it is typed, such as `npm run prove -- eos --seed 1`. */
  readonly proof: string
  readonly outcome: string
  readonly took: string
  readonly commit: string
  readonly date: string
}

const HEAD = '| proof | outcome | took | commit | date |'
const RULE = '|---|---|---|---|---|'

/**
 * The document with these results in its table: a proof's row is replaced, a new one comes behind the others.
 *
 * @throws Error when the document has no such table.
 */
export function withResults(document: string, results: readonly Result[]): string {
  const lines = document.split('\n')
  const begin = lines.indexOf(HEAD)
  if (begin < 0) throw new Error(`there is no table "${HEAD}"`)
  const length = lines.slice(begin).findIndex((line) => !line.startsWith('|'))
  const end = length < 0 ? lines.length : begin + length
  const rows = new Map(lines.slice(begin + 2, end).map((line) => [cellsOf(line)[0] ?? '', line]))
  for (const result of results) rows.set(`\`${result.proof}\``, rowOf(result))
  return [...lines.slice(0, begin), HEAD, RULE, ...rows.values(), ...lines.slice(end)].join('\n')
}

function rowOf({ proof, outcome, took, commit, date }: Result): string {
  const cells = [`\`${proof}\``, outcome, took, commit, date]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const cellsOf = (line: string): readonly string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())

/**
 * A proof's output in one cell: its verdict, and then the figures of one that holds, or the first anomaly.
 * Figures are lines that begin with a number.
 */
export function outcomeOf(output: string): string {
  const lines = output.trimEnd().split('\n')
  const verdict = lines.at(-1) ?? ''
  const anomaly = lines.find((line) => line.startsWith('BROKEN'))
  const figures = lines.filter((line) => /^\d/.test(line))
  const told = anomaly === undefined ? figures : [anomaly.replace(/^BROKEN\s+/, '')]
  return [verdict.replace(/^.*: /, ''), ...told].join('; ')
}
