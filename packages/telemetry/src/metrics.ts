import { collectDefaultMetrics, Registry } from 'prom-client'

/**
 * How often the delay of the event loop is sampled. prom-client's 10 ms wake every process a hundred times a second, also when
 * nothing is to be done.
 */
const EVENT_LOOP_SAMPLE_MS = 100

/** The metrics registry of one process, with Node's default metrics. Every metric has the label `service`. */
export function openMetrics(service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS })
  return registry
}
