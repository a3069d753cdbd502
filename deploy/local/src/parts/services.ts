import { join } from 'node:path'
import { host, type PortName } from '@tenseams/cli/ports'
import type { IdentityName, PostgresRole } from '@tenseams/identities/identities'
import { answersOk } from '../launcher/host/probe.ts'
import type { Component, Context } from '../launcher/plan/part.ts'
import { allParts, everyProfile, fullOnly, opsOnly } from '../launcher/plan/profiles.ts'
import { readInstance } from '../launcher/supervise/run-record.ts'
import { zipkin } from './zipkin.ts'

type Service = Pick<Component, 'title' | 'profiles' | 'needs' | 'isOnDemand'> & {
  /** Also its identity's. */
  readonly name: IdentityName
  readonly port: PortName
  readonly environment: (context: Context) => Readonly<Record<string, string>>
}

const kafkaSettings = ({ endpoints }: Context) => ({
  KAFKA_BROKERS: endpoints.kafkaBrokers,
  SCHEMA_REGISTRY_URL: endpoints.registryUrl,
})

const services: readonly Service[] = [
  {
    name: 'payment-provider',
    title: 'simulated payment provider',
    profiles: everyProfile,
    needs: ['databases'],
    port: 'paymentProvider',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'provider_service', 'provider'),
    }),
  },
  {
    name: 'orders',
    title: 'service orders',
    profiles: everyProfile,
    needs: ['databases', 'contracts'],
    port: 'orders',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'orders_service', 'shop'),
      VAULT_DATABASE_URL: databaseUrl(context, 'vault_service', 'vault'),
      ...kafkaSettings(context),
    }),
  },
  {
    name: 'payments',
    title: 'service payments',
    profiles: everyProfile,
    needs: ['databases', 'contracts', 'payment-provider'],
    port: 'payments',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'payments_service', 'shop'),
      PAYMENT_PROVIDER_URL: context.endpoints.paymentProviderUrl,
      ORDERS_URL: context.endpoints.ordersUrl,
      ...kafkaSettings(context),
    }),
  },
  {
    name: 'legacy',
    title: 'service legacy, the system before the log',
    profiles: everyProfile,
    isOnDemand: true,
    needs: ['databases', 'payment-provider'],
    port: 'legacy',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'legacy_service', 'shop'),
      PAYMENT_PROVIDER_URL: context.endpoints.paymentProviderUrl,
    }),
  },
  {
    name: 'fulfilment',
    title: 'service fulfilment',
    profiles: everyProfile,
    needs: ['contracts'],
    port: 'fulfilment',
    environment: kafkaSettings,
  },
  {
    name: 'pulse',
    title: 'service pulse, ticks, barriers, watch over connectors',
    profiles: everyProfile,
    needs: ['databases', 'contracts'],
    port: 'pulse',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'pulse_service', 'shop'),
      SCHEMA_REGISTRY_URL: context.endpoints.registryUrl,
      CONNECT_URL: context.endpoints.connectUrl,
    }),
  },
  {
    name: 'lakehouse',
    title: 'service lakehouse, Kafka to bronze, silver and gold',
    profiles: fullOnly,
    needs: ['contracts', 'catalog'],
    port: 'lakehouse',
    environment: (context) => ({
      CATALOG_URL: context.endpoints.catalogUrl,
      ...kafkaSettings(context),
      ...silverInterval(context),
    }),
  },
  {
    name: 'pager',
    title: 'service pager, keeps pages',
    profiles: opsOnly,
    needs: [],
    port: 'pager',
    environment: ({ paths }) => ({ PAGES_FILE: join(paths.data, 'pages.jsonl') }),
  },
  {
    name: 'auditor',
    title: 'service auditor, invariants',
    profiles: fullOnly,
    needs: ['databases', 'contracts'],
    port: 'auditor',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'auditor', 'shop'),
      PROVIDER_DATABASE_URL: databaseUrl(context, 'auditor', 'provider'),
      CATALOG_URL: context.endpoints.catalogUrl,
      PULSE_URL: context.endpoints.pulseUrl,
      FLINK_URL: context.endpoints.flinkUrl,
      ...kafkaSettings(context),
    }),
  },
  {
    name: 'exporter',
    title: 'service exporter, lags, slots, jobs, lake',
    profiles: fullOnly,
    needs: ['databases', 'contracts'],
    port: 'exporter',
    environment: (context) => ({
      DATABASE_URL: databaseUrl(context, 'exporter', 'shop'),
      KAFKA_BROKERS: context.endpoints.kafkaBrokers,
      FLINK_URL: context.endpoints.flinkUrl,
      CATALOG_URL: context.endpoints.catalogUrl,
    }),
  },
]

/** Our own services, each a Node process that takes its settings from the environment only. */
export const serviceComponents: readonly Component[] = services.map((service) => ({
  kind: 'component',
  name: service.name,
  title: service.title,
  profiles: service.profiles,
  isOnDemand: service.isOnDemand ?? false,
  needs: service.needs,
  ports: [service.port],
  url: ({ ports }) => `http://${host}:${ports[service.port]}`,
  command: async (context) => ({
    file: process.execPath,
    arguments: [
      // kafkajs computes negative delays (tulios/kafkajs#1751), of which Node 24 warns each time.
      '--disable-warning=TimeoutNegativeWarning',
      entryFile(context, service.name),
    ],
    environment: {
      HOST: host,
      PORT: String(context.ports[service.port]),
      CREDENTIALS_FILE: context.secrets.fileOf(service.name),
      CALLERS_FILE: context.paths.callers,
      AUDIT_FILE: join(context.paths.audit, `${service.name}.log`),
      ...traceSettings(context),
      ...service.environment(context),
    },
  }),
  isReady: ({ ports }) => answersOk(`http://${host}:${ports[service.port]}/health/ready`),
  readyTimeoutMs: 60_000,
  isWatched: true,
  stopSignal: 'SIGTERM',
  // A little more than the time that a service takes to drain at most.
  stopTimeoutMs: 20_000,
}))

/**
 * Spans go to the instance's Zipkin, in a profile that has one. Where the user names an endpoint of OTLP they go there as well, by
 * OpenTelemetry's own variables: nothing else changes by them. With neither nothing is recorded. A service whose Zipkin is down
 * drops its spans.
 */
function traceSettings({ endpoints, paths }: Context): Readonly<Record<string, string>> {
  const otlp = Object.entries(process.env).flatMap(([name, value = '']) =>
    /^OTEL_EXPORTER_OTLP_\w+$/.test(name) ? [[name, value] as const] : [],
  )
  const exporters = [
    ...(zipkin.profiles.includes(readInstance(paths)?.profile ?? allParts) ? ['zipkin'] : []),
    ...(otlp.some(([name]) => name.endsWith('ENDPOINT')) ? ['otlp'] : []),
  ]
  return {
    ...Object.fromEntries(otlp),
    OTEL_TRACES_EXPORTER: exporters.join(',') || 'none',
    OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${endpoints.zipkinUrl}/api/v2/spans`,
  }
}

function silverInterval({ settings: { silverIntervalMs } }: Context) {
  return silverIntervalMs === undefined ? {} : { SILVER_INTERVAL_MS: String(silverIntervalMs) }
}

/** The file with which a service starts: the one that the instance's settings name, or the service's own. */
function entryFile({ paths, settings: { entryFiles } }: Context, name: string): string {
  return join(paths.root, entryFiles?.[name] ?? join('services', name, 'src', 'main.ts'))
}

/** Without a password: that is in the file of credentials. */
function databaseUrl({ endpoints }: Context, role: PostgresRole, database: string): string {
  return `postgres://${role}@${host}:${endpoints.postgres.port}/${database}`
}
