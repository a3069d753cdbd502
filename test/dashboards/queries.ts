import type { Rule } from '@tenseams/contracts/slo/rules'
import type { Slo } from '@tenseams/contracts/slo/slo'
import type { Bound, Metric, Telemetry } from '@tenseams/contracts/telemetry/declaration'
import { type Panel, panelsOf } from '@tenseams/observability/dashboards/dashboard'
import { dashboards } from '@tenseams/observability/dashboards/files'
import { metricsIn } from '../alerts/rule-metrics.ts'

/** What each series that a query may read has for labels, with what is known of their values. */
export type KnownSeries = ReadonlyMap<string, Readonly<Record<string, Bound | undefined>>>

/** Prometheus adds them to every series. */
const ofPrometheus = { job: undefined, instance: undefined }

/** What contracts/telemetry.yaml declares, and what rules record. */
export function knownSeries(
  { metrics, services }: Telemetry,
  rules: readonly Rule[],
  slos: readonly Slo[],
): KnownSeries {
  const declared = metrics.flatMap((metric) => seriesOf(metric, services))
  const own = Object.fromEntries(slos.flatMap(({ by }) => by).map((label) => [label, undefined]))
  const recorded = rules.flatMap(({ record, labels = {} }) =>
    record === undefined ? [] : [[record, { ...own, ...unbounded(Object.keys(labels)) }] as const],
  )
  return new Map([...declared, ...recorded])
}

function seriesOf({ name, type, labels, from }: Metric, services: readonly string[]) {
  const ofService = from.some((part) => services.includes(part)) ? { service: undefined } : {}
  const all = { ...ofPrometheus, ...ofService, ...labels }
  if (type !== 'histogram') return [[name, all] as const]
  return [
    [`${name}_bucket`, { ...all, le: undefined }] as const,
    [`${name}_count`, all] as const,
    [`${name}_sum`, all] as const,
  ]
}

const unbounded = (labels: readonly string[]) =>
  Object.fromEntries(labels.map((label) => [label, undefined]))

/** Each query of a panel with its legend. */
export type Query = { readonly panel: string; readonly legend: string; readonly expr: string }

export const queries: readonly Query[] = dashboards
  .flatMap(panelsOf)
  .flatMap(({ title, queries: own }) =>
    Object.entries(own).map(([legend, expr]) => ({ panel: title, legend, expr })),
  )

/** What is wrong with a query: series, labels and values that do not exist, and a legend that does not tell its series apart. */
export function mistakesIn({ legend, expr }: Omit<Query, 'panel'>, known: KnownSeries) {
  const read = [...metricsIn(expr)]
  const groupings = groupingsIn(expr)
  const shown = groupings.flatMap(({ labels }) => labels).filter((label) => label !== 'le')
  const inLegend = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
  return [
    ...read.filter((name) => !known.has(name)).map((name) => `${name} is not declared`),
    ...selectorsIn(expr, read).flatMap((selector) => selectorMistakes(selector, known)),
    ...groupings.flatMap(({ labels, of }) =>
      labels
        .filter((label) => !of.some((name) => label in (known.get(name) ?? {})))
        .map((label) => `${of.join(', ')} has no label ${label}`),
    ),
    ...inLegend
      .filter((label) => !shown.includes(label))
      .map((label) => `the legend has {{${label}}}, which the result has not`),
    ...[...new Set(shown)]
      .filter((label) => !inLegend.includes(label))
      .map((label) => `the legend does not tell ${label}`),
  ]
}

type Matcher = { readonly label: string; readonly operator: string; readonly value: string }
type Selector = { readonly name: string; readonly matchers: readonly Matcher[] }

function selectorsIn(expr: string, names: readonly string[]): readonly Selector[] {
  return [...expr.matchAll(/([a-z_:][\w:]*)\{([^}]*)\}/gi)]
    .map(([, name = '', text = '']) => ({ name, matchers: matchersIn(text) }))
    .filter(({ name }) => names.includes(name))
}

function matchersIn(text: string): readonly Matcher[] {
  return [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
    ([, label = '', operator = '', value = '']) => ({ label, operator, value }),
  )
}

function selectorMistakes({ name, matchers }: Selector, known: KnownSeries): readonly string[] {
  const labels = known.get(name)
  if (labels === undefined) return []
  return matchers.flatMap(({ label, operator, value }) => {
    if (!(label in labels)) return [`${name} has no label ${label}`]
    const bound = labels[label]
    if (bound === undefined || !('values' in bound) || !isList(operator, value)) return []
    return value
      .split('|')
      .filter((each) => !bound.values.includes(each))
      .map((each) => `${name} has no ${label}="${each}"`)
  })
}

/** A value, or several of them, and no pattern. */
function isList(operator: string, value: string): boolean {
  return operator.startsWith('=') && /^[\w-]+(?:\|[\w-]+)*$/.test(value)
}

type Grouping = { readonly labels: readonly string[]; readonly of: readonly string[] }

/** Every `by (…)` with the series that it groups. */
function groupingsIn(expr: string): readonly Grouping[] {
  return [...expr.matchAll(/\bby\s*\(([^)]*)\)\s*\(/g)].map(({ index, 0: text, 1: list = '' }) => ({
    labels: list.split(',').map((label) => label.trim()),
    of: [...metricsIn(upToItsParenthesis(expr.slice(index + text.length)))],
  }))
}

function upToItsParenthesis(text: string): string {
  let open = 1
  for (const [index, mark] of [...text].entries()) {
    if (mark === '(') open += 1
    if (mark === ')') open -= 1
    if (open === 0) return text.slice(0, index)
  }
  return text
}

/** What two panels have in common that each should have alone. */
export function repeated(panels: readonly Panel[]): readonly string[] {
  const titles = panels.map(({ title }) => title)
  const asked = panels.map((panel) => Object.values(panel.queries).toSorted().join('\n'))
  return [...twice(titles), ...twice(asked)]
}

function twice(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}
