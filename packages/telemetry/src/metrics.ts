import { collectDefaultMetrics, Registry } from 'prom-client'

/** The metrics registry of one process, with Node's default metrics. Every metric has the label `service`. */
export function openMetrics(service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return registry
}
