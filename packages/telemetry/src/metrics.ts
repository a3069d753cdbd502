import { collectDefaultMetrics, Registry } from 'prom-client'

/** The metrics of one process, with Node's own. Label `service` is on every one of them. */
export function openMetrics(service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return registry
}
