import { type IdentityName, ownerOfRole } from '@tenseams/identities/identities'
import { type Role, roles } from './roles.ts'

export const tableOperations = ['select', 'insert', 'update', 'delete', 'truncate'] as const

export type TableOperation = (typeof tableOperations)[number]

/** What each role may do with a table, beside its owner. A role that is not named may do nothing with it. */
type TableRights = Partial<Readonly<Record<Role, readonly TableOperation[]>>>

/** The role that owns a database's tables, who may connect to it, and what they may do there. */
type DatabaseRights = {
  readonly owner: Role
  readonly guests: readonly Role[]
  readonly tables: Readonly<Record<string, TableRights>>
}

/** Of an event store in the database `shop`: its events stay as they are, and what can be derived from them may be removed. */
function eventStore(schema: string, service: Role, events: TableRights = {}) {
  const ofService = (...operations: TableOperation[]) => ({
    [service]: operations,
    ...(schema !== 'control' && { auditor: ['select'] as const }),
  })
  return {
    [`${schema}.events`]: {
      ...ofService('select', 'insert'),
      debezium: ['select'],
      ...events,
    } satisfies TableRights,
    [`${schema}.inbox`]: ofService('select', 'insert', 'delete'),
    [`${schema}.idempotency`]: ofService('select', 'insert', 'delete'),
    [`${schema}.removals`]: ofService('select', 'insert', 'update'),
    [`${schema}.snapshots`]: ofService('select', 'insert'),
    [`${schema}.schemas`]: ofService('select', 'insert'),
    [`${schema}.projections`]: ofService('select', 'insert', 'update', 'delete'),
  } satisfies Readonly<Record<string, TableRights>>
}

/**
 * Who may do what with which table of ours. The SQL files beside this grant it; test/end-to-end/rights holds the running server
 * against this, table by table, so a table without a line here fails.
 */
export const databaseRights = {
  shop: {
    owner: 'schema_owner',
    guests: [
      ...(['orders_service', 'payments_service', 'pulse_service', 'auditor', 'debezium'] as const),
      'legacy_service',
      // Replication slots are seen by everybody who may connect.
      'exporter',
    ],
    tables: {
      ...eventStore('orders', 'orders_service'),
      'orders.order_list': {
        orders_service: ['select', 'insert', 'update', 'delete'],
        auditor: ['select'],
      },
      ...eventStore('payments', 'payments_service'),
      'payments.entries': { payments_service: ['select', 'insert'], auditor: ['select'] },
      'payments.reconciliation': {
        payments_service: ['select', 'insert', 'update'],
        auditor: ['select'],
      },
      'payments.unsettled': {
        payments_service: ['select', 'insert', 'update', 'delete'],
        auditor: ['select'],
      },
      'payments.capture_switch': { payments_service: ['select', 'insert'], auditor: ['select'] },
      ...eventStore('control', 'pulse_service', { pulse_service: ['select', 'insert', 'delete'] }),
      'catalogue.customers': {
        orders_service: ['select', 'insert', 'update'],
        debezium: ['select'],
      },
      'catalogue.products': {
        orders_service: ['select'],
        legacy_service: ['select'],
        debezium: ['select'],
      },
      'catalogue.prices': { orders_service: ['select'], legacy_service: ['select'] },
      'legacy.orders': {
        legacy_service: ['select', 'insert', 'update'],
        auditor: ['select'],
      },
      'legacy.payments': {
        legacy_service: ['select', 'insert', 'update'],
        auditor: ['select'],
      },
      'legacy.idempotency': { legacy_service: ['select', 'insert', 'delete'] },
      'legacy.removals': { legacy_service: ['select', 'insert', 'update'] },
      'cdc.heartbeat': { debezium: ['select', 'insert', 'update'] },
      'cdc.signal': { debezium: ['insert'] },
      'cdc.watchdog': { pulse_service: ['select', 'insert', 'update'] },
    },
  },
  vault: {
    owner: 'schema_owner',
    guests: ['vault_service'],
    tables: { 'public.customer_keys': { vault_service: ['select', 'insert', 'delete'] } },
  },
  provider: {
    owner: 'schema_owner',
    guests: ['provider_service', 'auditor'],
    tables: {
      'public.payments': { provider_service: ['select', 'insert'], auditor: ['select'] },
      'public.operations': { provider_service: ['select', 'insert'], auditor: ['select'] },
    },
  },
  // Servers that make and change their tables by themselves; nobody else gets in.
  catalog: { owner: 'catalog', guests: [], tables: {} },
  registry: { owner: 'registry', guests: [], tables: {} },
  // Postgres' own, in which everybody could make tables.
  postgres: { owner: 'schema_owner', guests: [], tables: {} },
} as const satisfies Readonly<Record<string, DatabaseRights>>

export type DatabaseName = keyof typeof databaseRights

/** One question of the matrix: may this identity do this, as one of its roles? */
export type PostgresCell = {
  readonly identity: IdentityName
  readonly role: Role
  readonly operation: 'connect' | TableOperation
  readonly database: DatabaseName
  /** Undefined for `connect`. */
  readonly table: string | undefined
  /** The database or the table, for people. */
  readonly target: string
  readonly allowed: boolean
}

/** Every role with every database, and with every table of those to which it may connect. The owner may do everything there. */
export function postgresCells(): readonly PostgresCell[] {
  const names = Object.keys(databaseRights) as DatabaseName[]
  return roles.flatMap((role) => names.flatMap((database) => cellsOf(role, database)))
}

function cellsOf(role: Role, database: DatabaseName): readonly PostgresCell[] {
  const { owner, guests, tables }: DatabaseRights = databaseRights[database]
  const common = { identity: ownerOfRole(role), role, database }
  const mayConnect = (owner === role && database !== 'postgres') || guests.includes(role)
  const connect: PostgresCell = {
    ...common,
    operation: 'connect',
    table: undefined,
    target: `the database ${database}, as ${role}`,
    allowed: mayConnect,
  }
  if (!mayConnect || owner === role) return [connect]
  const ofTables = Object.entries(tables).flatMap(([table, rights]) =>
    tableOperations.map((operation) => ({
      ...common,
      operation,
      table,
      target: `${database}: ${table}, as ${role}`,
      allowed: rights[role]?.includes(operation) ?? false,
    })),
  )
  return [connect, ...ofTables]
}
