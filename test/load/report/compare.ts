import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { say } from '@tenseams/cli/output'
import { figures } from './figures.ts'
import { documentOf, escaped, tableHtml } from './html.ts'
import { settingRows } from './page.ts'
import { type LoadResult, readResult, type Settings } from './result.ts'
import type { Step } from './step.ts'
import { msText, rateText, tableLines } from './table.ts'
import { judge } from './verdict.ts'

/** Two runs side by side, or the reasons why that would say nothing. */
export type Comparison =
  | { readonly kind: 'different'; readonly reasons: readonly string[] }
  | { readonly kind: 'compared'; readonly rows: readonly (readonly string[])[] }

const HEAD = ['figure', 'a', 'b', 'b by a']
/** The steps below the knee that a search ends with. */
const BELOW_KNEE = 3

/** Compares two runs, whose conditions must be equal. The seed may differ: it only says which customers came when. */
export function compare(a: LoadResult, b: LoadResult): Comparison {
  const reasons = [...differences(a.settings, b.settings), ...voids('a', a), ...voids('b', b)]
  if (reasons.length > 0) return { kind: 'different', reasons }
  const knee = row('knee, requests/s', a.knee?.kept, b.knee?.kept, rateText)
  const pairs = held(a).map((step, index) => [step, held(b)[index]] as const)
  return {
    kind: 'compared',
    rows: [
      HEAD,
      ...(a.knee === undefined ? [] : [knee]),
      ...pairs.flatMap(([one, other]) => (other === undefined ? [] : stepRows(one, other))),
    ],
  }
}

function differences(a: Settings, b: Settings): readonly string[] {
  const others = new Map(settingRows(b))
  return settingRows(a)
    .filter(([name, value]) => name !== 'seed' && others.get(name) !== value)
    .map(([name, value]) => `${name}: ${value} in a, ${others.get(name)} in b`)
}

function voids(name: string, result: LoadResult): readonly string[] {
  const isVoid = held(result).some((step) => judge(step).outcome === 'void')
  if (isVoid) return [`${name} is void: it achieved less than it offered`]
  return held(result).length === 0 ? [`${name} has no step that was kept`] : []
}

/** The steps whose figures count: the only one, or those below the knee. */
function held({ steps, knee }: LoadResult): readonly Step[] {
  if (knee === undefined) return steps
  return knee.kept === undefined ? [] : steps.slice(-BELOW_KNEE)
}

function stepRows(a: Step, b: Step): readonly (readonly string[])[] {
  const rates = `at ${rateText(a.rate)} and ${rateText(b.rate)} a second`
  const rows = figures.map(({ name, unit, of }) =>
    row(`${name}, ${unit}`, of(a), of(b), unit.startsWith('ms') ? msText : rateText),
  )
  return [[rates], ...rows.filter(([, one, other]) => one !== '–' || other !== '–')]
}

function row(
  name: string,
  a: number | undefined,
  b: number | undefined,
  text: (value: number) => string,
): readonly string[] {
  const [one, other] = [a ?? Number.NaN, b ?? Number.NaN]
  const ratio = other / one
  return [name, text(one), text(other), Number.isFinite(ratio) ? ratio.toFixed(2) : '–']
}

/** `npm run load -- compare a b`: the table here, and as a page. */
export function compareRuns([fileA, fileB]: readonly [string, string], folder: string): ExitCode {
  const [a, b] = [readResult(fileA), readResult(fileB)]
  const comparison = compare(a, b)
  if (comparison.kind === 'different') {
    throw new VerbError(['the two cannot be compared:', ...comparison.reasons].join('\n  '))
  }
  say(`a: ${fileA}, ${a.commit}`)
  say(`b: ${fileB}, ${b.commit}\n`)
  for (const line of tableLines(comparison.rows)) say(line)
  const page = join(folder, 'compared.html')
  mkdirSync(folder, { recursive: true })
  writeFileSync(page, comparisonPage(a, b, comparison.rows))
  say(`\n${page}`)
  return exitCodes.holds
}

export function comparisonPage(
  a: LoadResult,
  b: LoadResult,
  rows: readonly (readonly string[])[],
): string {
  const run = (name: string, { at, commit, machine }: LoadResult) =>
    `<p>${name}: ${escaped(`${at}, commit ${commit}, ${machine}`)}</p>`
  return documentOf('Two runs', [run('a', a), run('b', b), tableHtml(rows)].join('\n'))
}
