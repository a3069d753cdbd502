import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { type Mistake, type Page, severities } from './page.ts'

export type FrontMatter = Pick<
  Page,
  'alerts' | 'severity' | 'drill' | 'budgetMinutes' | 'labels'
> & {
  readonly mistakes: readonly Mistake[]
}

const keys = ['alert', 'severity', 'drill', 'budget', 'labels'] as const
type Key = (typeof keys)[number]

const optional: readonly Key[] = ['labels']

const ALERT = /^[A-Z][A-Za-z]+$/
const DRILL = /^[a-z]+(?:-[a-z]+)*$/
const NO_DRILL = /^none, .{10,}$/
const BUDGET = /^([1-9]\d*)(m|h)$/

/**
 * Reads what stands between two lines of dashes at the head of a page. What cannot be used is a mistake, and has a value in its place with
 * which the rest of the page can be read.
 *
 * @param first the line in the file at which the text begins.
 */
export function readFrontMatter(text: string, first: number): FrontMatter {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  const mistakes: Mistake[] = document.errors.map((error) => ({
    line: first + counter.linePos(error.pos[0]).line - 1,
    says: `the front matter is no YAML: ${error.message.split('\n')[0]}`,
  }))
  const lines = linesOfKeys(document.contents, counter, first)
  const values: Partial<Record<string, unknown>> =
    mistakes.length === 0 && isMap(document.contents) ? document.toJS() : {}
  const complain = (key: Key, says: string) =>
    void mistakes.push({ line: lines.get(key) ?? first, says })
  if (mistakes.length === 0) {
    mistakes.push(...unknownOrMissing(values, lines, first))
  }
  return {
    alerts: alertsIn(values.alert, complain),
    severity: severityIn(values.severity, complain),
    drill: drillIn(values.drill, complain),
    budgetMinutes: budgetIn(values.budget, complain),
    labels: labelsIn(values.labels, complain),
    mistakes,
  }
}

type Complain = (key: Key, says: string) => void

function linesOfKeys(
  contents: unknown,
  counter: LineCounter,
  first: number,
): ReadonlyMap<string, number> {
  if (!isMap(contents)) return new Map()
  return new Map(
    contents.items.flatMap(({ key }) =>
      isScalar(key) && key.range
        ? [[String(key.value), first + counter.linePos(key.range[0]).line - 1] as const]
        : [],
    ),
  )
}

function unknownOrMissing(
  values: object,
  lines: ReadonlyMap<string, number>,
  first: number,
): readonly Mistake[] {
  const names: readonly string[] = keys
  const unknown = Object.keys(values)
    .filter((key) => !names.includes(key))
    .map((key) => ({
      line: lines.get(key) ?? first,
      says: `the front matter has ${keys.join(', ')}, and no ${key}`,
    }))
  const missing = keys
    .filter((key) => !optional.includes(key) && !(key in values))
    .map((key) => ({ line: first, says: `the front matter has no ${key}` }))
  return [...unknown, ...missing]
}

function alertsIn(value: unknown, complain: Complain): readonly string[] {
  if (value === undefined) return []
  const names = (Array.isArray(value) ? value : [value]).map(String)
  for (const name of names.filter((each) => !ALERT.test(each))) {
    complain('alert', `"${name}" is no name of an alert`)
  }
  if (new Set(names).size < names.length) complain('alert', 'an alert is named twice')
  return names
}

function severityIn(value: unknown, complain: Complain): Page['severity'] {
  const found = severities.find((each) => each === value)
  if (found === undefined && value !== undefined) {
    complain('severity', `severity is one of ${severities.join(', ')}, not "${value}"`)
  }
  return found ?? 'page'
}

function drillIn(value: unknown, complain: Complain): string | undefined {
  const text = String(value ?? '')
  if (DRILL.test(text) && text !== 'none') return text
  if (value !== undefined && !NO_DRILL.test(text)) {
    complain('drill', 'drill is the name of a drill, or "none, " with the reason')
  }
  return undefined
}

function budgetIn(value: unknown, complain: Complain): number {
  const found = BUDGET.exec(String(value ?? ''))
  if (found === null) {
    if (value !== undefined)
      complain('budget', `budget is a time such as 15m or 4h, not "${value}"`)
    return 0
  }
  return Number(found[1]) * (found[2] === 'h' ? 60 : 1)
}

function labelsIn(value: unknown, complain: Complain): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    complain('labels', 'labels are names of labels, each with an example')
    return {}
  }
  return Object.fromEntries(Object.entries(value).map(([name, example]) => [name, String(example)]))
}
