import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type MetricLabels, metrics } from './declared/metrics.ts'

/**
 * The only way to make a metric: its name, labels and buckets are those of contracts/telemetry.yaml, so an undeclared metric,
 * label or, where the set is closed, value of a label does not compile. Each function gives the metric of that name in the
 * registry, made when it is first asked for, so that several readers of one process share it.
 */
type NamesOf<Type> = {
  [Name in keyof typeof metrics]: (typeof metrics)[Name]['type'] extends Type ? Name : never
}[keyof typeof metrics]

type CounterName = NamesOf<'counter'>
export type GaugeName = NamesOf<'gauge'>
type HistogramName = NamesOf<'histogram'>

/** All labels of a metric; none may be left out. */
export type LabelsOf<Name extends keyof MetricLabels> = MetricLabels[Name]

type HasLabels<Name extends keyof MetricLabels> = keyof MetricLabels[Name] extends never
  ? false
  : true

export type CounterOf<Name extends CounterName> =
  HasLabels<Name> extends true
    ? { inc(labels: LabelsOf<Name>, value?: number): void }
    : { inc(value?: number): void }

export type GaugeOf<Name extends GaugeName> =
  HasLabels<Name> extends true
    ? { set(labels: LabelsOf<Name>, value: number): void; reset(): void }
    : { set(value: number): void }

export type HistogramOf<Name extends HistogramName> =
  HasLabels<Name> extends true
    ? { observe(labels: LabelsOf<Name>, value: number): void }
    : { observe(value: number): void }

/**
 * @param startsWith the labels that are known from the start: a series each, at 0. Prometheus sees no increase in a series
 *   that appears at 1.
 */
export function openCounter<Name extends CounterName>(
  registry: Registry,
  name: Name,
  startsWith?: readonly LabelsOf<Name>[],
): CounterOf<Name>
export function openCounter(
  registry: Registry,
  name: CounterName,
  startsWith: readonly LabelsOf<CounterName>[] = [],
): Counter {
  const known = registry.getSingleMetric(name)
  const counter = known instanceof Counter ? known : new Counter(optionsOf(registry, name))
  for (const labels of startsWith) counter.inc(labels, 0)
  return counter
}

export function openGauge<Name extends GaugeName>(registry: Registry, name: Name): GaugeOf<Name>
export function openGauge(registry: Registry, name: GaugeName): Gauge {
  const known = registry.getSingleMetric(name)
  return known instanceof Gauge ? known : new Gauge(optionsOf(registry, name))
}

export function openHistogram<Name extends HistogramName>(
  registry: Registry,
  name: Name,
): HistogramOf<Name>
export function openHistogram(registry: Registry, name: HistogramName): Histogram {
  const known = registry.getSingleMetric(name)
  if (known instanceof Histogram) return known
  const buckets = [...metrics[name].buckets]
  return new Histogram({ ...optionsOf(registry, name), buckets })
}

export function optionsOf(registry: Registry, name: keyof typeof metrics) {
  const { help, labelNames } = metrics[name]
  return { name, help, labelNames: [...labelNames], registers: [registry] }
}
