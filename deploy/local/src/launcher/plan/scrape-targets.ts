import { host, type PortName, type Ports } from '@tenseams/cli/ports'

/** Who is asked for metrics, and where. */
export type ScrapeTarget = {
  /** Its name in contracts/telemetry.yaml. */
  readonly part: string
  readonly url: string
  /** True when it answers only whoever has a token. */
  readonly needsToken: boolean
}

const services: Readonly<Record<string, PortName>> = {
  orders: 'orders',
  payments: 'payments',
  'payment-provider': 'paymentProvider',
  fulfilment: 'fulfilment',
  lakehouse: 'lakehouse',
  pulse: 'pulse',
  auditor: 'auditor',
  exporter: 'exporter',
}

const servers: Readonly<Record<string, PortName>> = {
  'flink-jobmanager': 'flinkJobManagerMetrics',
  'flink-taskmanager': 'flinkTaskManagerMetrics',
}

/** All parts of an instance in the profile `full` that show metrics. */
export function scrapeTargets(ports: Ports): readonly ScrapeTarget[] {
  const of = (parts: Readonly<Record<string, PortName>>, needsToken: boolean) =>
    Object.entries(parts).map(([part, port]) => ({
      ...{ part, needsToken },
      url: `http://${host}:${ports[port]}/metrics`,
    }))
  return [...of(services, true), ...of(servers, false)]
}
