import { Counter, type Registry } from 'prom-client'

export type CounterOptions<Label extends string> = {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly Label[]
  /** The label values that are known from the start: a series each, at 0. */
  readonly startsWith?: readonly Readonly<Record<Label, string>>[]
}

/**
 * The counter of that name in the registry, made when it is first asked for, so that several readers of one process
 * share it. Each series of `startsWith` is there at 0: Prometheus sees no increase in a series that appears at 1.
 */
export function openCounter<Label extends string = never>(
  registry: Registry,
  { name, help, labelNames = [], startsWith = [] }: CounterOptions<Label>,
): Counter {
  const known = registry.getSingleMetric(name)
  const counter =
    known instanceof Counter
      ? known
      : new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
  startAtZero(counter, startsWith)
  return counter
}

/** Makes series of a counter appear at 0, when their label values are known only later than the counter. */
export function startAtZero(
  counter: Pick<Counter, 'inc'>,
  series: readonly Readonly<Record<string, string>>[],
): void {
  for (const labels of series) counter.inc(labels, 0)
}
