import { Counter, type Registry } from 'prom-client'

/** A counter of that name in the registry, made when it is first asked for: several readers of one process share it. */
export function sharedCounter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
): Counter {
  const known = registry.getSingleMetric(name)
  if (known instanceof Counter) return known
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
}

export function handledRecords(registry: Registry): Counter {
  return sharedCounter(
    registry,
    'tenseams_consumed_records_total',
    'Records whose effect is durable.',
    ['topic', 'group'],
  )
}

export function deadLetteredRecords(registry: Registry): Counter {
  return sharedCounter(
    registry,
    'tenseams_dead_lettered_records_total',
    'Records written to a dead letter topic.',
    ['topic', 'group', 'reason'],
  )
}
