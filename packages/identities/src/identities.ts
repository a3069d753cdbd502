/** What somebody may ask of control routes: look, act on the running system, or change what it is. Each includes the one before. */
export type HttpRole = 'reader' | 'operator' | 'admin'

type Declaration = {
  readonly name: string
  readonly kind: 'service' | 'server' | 'tool' | 'person'
  /** What it is, in a few words, for people. */
  readonly what: string
  /** Whether it has a user of Kafka, which has the identity's name. */
  readonly kafka: boolean
  /** The roles of Postgres with which it logs in. Each role is of one identity. */
  readonly postgres: readonly string[]
  /** The role of its bearer token; undefined when it has none. */
  readonly http: HttpRole | undefined
}

/**
 * Everybody who logs in somewhere. Nobody borrows another's name: what is done by a person at a terminal is done as `operator`,
 * `reader` or `admin`, what a tool does by itself as that tool. What an identity may do with its users, roles and token is
 * declared where that is: Kafka's rights with the topics, Postgres' with the tables, HTTP's with the routes.
 */
const declared = [
  {
    name: 'orders',
    kind: 'service',
    what: 'service orders',
    kafka: true,
    postgres: ['orders_service', 'vault_service'],
    http: undefined,
  },
  {
    name: 'payments',
    kind: 'service',
    what: 'service payments',
    kafka: true,
    postgres: ['payments_service'],
    http: 'reader',
  },
  {
    name: 'fulfilment',
    kind: 'service',
    what: 'service fulfilment',
    kafka: true,
    postgres: [],
    http: undefined,
  },
  {
    name: 'lakehouse',
    kind: 'service',
    what: 'service lakehouse',
    kafka: true,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'legacy',
    kind: 'service',
    what: 'service legacy: orders as rows, the system before the log',
    kafka: false,
    postgres: ['legacy_service'],
    http: 'reader',
  },
  {
    name: 'payment-provider',
    kind: 'service',
    what: 'the simulated payment provider',
    kafka: false,
    postgres: ['provider_service'],
    http: undefined,
  },
  {
    name: 'pulse',
    kind: 'service',
    what: 'service pulse: ticks, and restarts of connectors',
    kafka: false,
    postgres: ['pulse_service'],
    http: 'reader',
  },
  {
    name: 'auditor',
    kind: 'service',
    what: 'service auditor: reads everything, asks for barriers',
    kafka: true,
    postgres: ['auditor'],
    http: 'reader',
  },
  {
    name: 'broker',
    kind: 'server',
    what: 'Kafka itself: its brokers and controllers among each other',
    kafka: true,
    postgres: [],
    http: undefined,
  },
  {
    name: 'connect',
    kind: 'server',
    what: 'Kafka Connect with Debezium',
    kafka: true,
    postgres: ['debezium'],
    http: 'reader',
  },
  {
    name: 'flink',
    kind: 'server',
    what: 'Flink, with its sources and sinks',
    kafka: true,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'registry',
    kind: 'server',
    what: 'the schema registry',
    kafka: false,
    postgres: ['registry'],
    http: undefined,
  },
  {
    name: 'catalog',
    kind: 'server',
    what: 'Iceberg’s REST catalogue',
    kafka: false,
    postgres: ['catalog'],
    http: undefined,
  },
  {
    name: 'pager',
    kind: 'service',
    what: 'service pager: keeps what Alertmanager would call people for',
    kafka: false,
    postgres: [],
    http: undefined,
  },
  {
    name: 'prometheus',
    kind: 'server',
    what: 'Prometheus: scrapes metrics, sends alerts',
    kafka: false,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'alertmanager',
    kind: 'server',
    what: 'Alertmanager: sends notifications',
    kafka: false,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'exporter',
    kind: 'service',
    what: 'service exporter: reads metrics, lags and replication slots',
    kafka: true,
    postgres: ['exporter'],
    http: 'reader',
  },
  {
    name: 'load',
    kind: 'tool',
    what: 'sends load and observes it',
    kafka: true,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'backfill',
    kind: 'tool',
    what: 'copies a topic into its next version',
    kafka: true,
    postgres: [],
    http: undefined,
  },
  {
    name: 'shadow',
    kind: 'tool',
    what: 'compares a reader of a topic’s next version with today’s',
    kafka: true,
    postgres: [],
    http: undefined,
  },
  {
    name: 'publisher',
    kind: 'tool',
    what: 'publishes contracts: schemas, topics, rights',
    kafka: true,
    postgres: [],
    http: 'reader',
  },
  {
    name: 'migrations',
    kind: 'tool',
    what: 'owns the tables of our databases and changes them',
    kafka: false,
    postgres: ['schema_owner'],
    http: undefined,
  },
  {
    name: 'admin',
    kind: 'person',
    what: 'makes the system and everybody’s rights',
    kafka: true,
    postgres: ['postgres'],
    http: 'admin',
  },
  {
    name: 'operator',
    kind: 'person',
    what: 'operates the running system',
    kafka: true,
    postgres: [],
    http: 'operator',
  },
  {
    name: 'reader',
    kind: 'person',
    what: 'looks at the running system',
    kafka: true,
    postgres: [],
    http: 'reader',
  },
] as const satisfies readonly Declaration[]

export type IdentityName = (typeof declared)[number]['name']

/** A role of Postgres that logs in, of whichever identity. */
export type PostgresRole = (typeof declared)[number]['postgres'][number]

export type Identity = Omit<Declaration, 'name' | 'postgres'> & {
  readonly name: IdentityName
  readonly postgres: readonly PostgresRole[]
}

export const identities: readonly Identity[] = declared

/** Every role that logs in, the admin's included. */
export const postgresRoles: readonly PostgresRole[] = identities.flatMap(({ postgres }) => postgres)

/** The identity that logs in with a role of Postgres. */
export function ownerOfRole(role: PostgresRole): IdentityName {
  const owner = identities.find(({ postgres }) => postgres.includes(role))
  if (owner === undefined) throw new Error(`no identity has the role ${role}`)
  return owner.name
}
