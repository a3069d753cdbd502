import { type Bound, type Metric, mostSeries, mostValues, type Telemetry } from './declaration.ts'
import type { Sample, Scrape } from './scrape.ts'

/** Every metric of a service has this label; a histogram's buckets have `le`, a summary's parts `quantile`. */
const SERVICE = 'service'
const ofPrometheus = ['le', 'quantile']

/**
 * The differences between what a part shows and what is declared for it, a sentence each: metrics and labels that are not
 * declared, metrics that are missing, other types, and values beyond a label's bound.
 */
export function differencesFrom(
  { metrics, services }: Pick<Telemetry, 'metrics' | 'services'>,
  part: string,
  { types, samples }: Scrape,
): readonly string[] {
  const own = metrics.filter(({ from }) => from.includes(part))
  const byMetric = Map.groupBy(samples, ({ metric }) => metric)
  const shown = new Set([...types.keys(), ...byMetric.keys()])
  const undeclared = [...shown].filter((name) => !own.some((metric) => metric.name === name))
  const missing = own.filter(({ name, when }) => !shown.has(name) && when === undefined)
  const expectedLabels = services.includes(part) ? { [SERVICE]: part } : {}
  return [
    ...undeclared.map((name) => `${part} shows ${name}, which is not declared for it`),
    ...missing.map(({ name }) => `${part} does not show ${name}, which is declared for it`),
    ...own.flatMap((metric) =>
      [
        ...typeDifferences(metric, types.get(metric.name)),
        ...labelDifferences(metric, byMetric.get(metric.name) ?? [], expectedLabels),
      ].map((difference) => `${part}: ${metric.name} ${difference}`),
    ),
  ]
}

function typeDifferences({ type }: Metric, shown: string | undefined): readonly string[] {
  if (shown === undefined || shown === type) return []
  return [`is a ${shown}, and declared as a ${type}`]
}

function labelDifferences(
  metric: Metric,
  samples: readonly Sample[],
  expected: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...Object.keys(metric.labels), ...Object.keys(expected)]
  const shown = new Set(samples.flatMap(({ labels }) => Object.keys(labels)))
  const undeclared = [...shown].filter(
    (name) => !names.includes(name) && !ofPrometheus.includes(name),
  )
  const missing = names.filter((name) => samples.some(({ labels }) => !(name in labels)))
  const series = new Set(samples.map(({ labels }) => seriesOf(labels))).size
  const most = mostSeries(metric)
  return [
    ...undeclared.map((name) => `has the label ${name}, which is not declared`),
    ...missing.map((name) => `has a series without the label ${name}`),
    ...Object.entries(expected).flatMap(([name, value]) =>
      beyond(name, { says: name, values: [value] }, samples),
    ),
    ...Object.entries(metric.labels).flatMap(([name, bound]) => beyond(name, bound, samples)),
    ...(series > most ? [`has ${series} series, more than ${most}`] : []),
  ]
}

function seriesOf(labels: Sample['labels']): string {
  const own = Object.entries(labels).filter(([name]) => !ofPrometheus.includes(name))
  return JSON.stringify(own.sort(([one], [other]) => (one < other ? -1 : 1)))
}

function beyond(name: string, bound: Bound, samples: readonly Sample[]): readonly string[] {
  const values = new Set(samples.flatMap(({ labels }) => labels[name] ?? []))
  if ('values' in bound) {
    return [...values]
      .filter((value) => !bound.values.includes(value))
      .map((value) => `has ${name}="${value}", which is none of its values`)
  }
  const most = mostValues(bound)
  return values.size > most ? [`has ${values.size} values of ${name}, more than ${most}`] : []
}
