import type { Role } from './roles.ts'

/** How long a role's sessions may wait or stand still before Postgres ends them; 0 for no limit. */
export type Limits = {
  /** Between two statements of a transaction. */
  readonly idle_in_transaction_session_timeout: string
  /** For a whole transaction (since Postgres 17). */
  readonly transaction_timeout: string
  /** For one lock. */
  readonly lock_timeout: string
}

/**
 * Every reader by position stops below the oldest transaction that has written, in whatever database of the server
 * (adr/0010). So a writer that is stopped in the middle of one, by SIGSTOP or by a broken network, would hold up all of them
 * until somebody ends it. A service's transaction takes milliseconds, and its connections give up after ten seconds.
 */
const service: Limits = {
  idle_in_transaction_session_timeout: '15s',
  transaction_timeout: '60s',
  // Below the ten seconds of a statement, so that the reason is named.
  lock_timeout: '8s',
}

/** The servers beside us write short transactions, too; their migrations at the first start take longer. */
const server: Limits = {
  idle_in_transaction_session_timeout: '60s',
  transaction_timeout: '300s',
  lock_timeout: '30s',
}

/** It reads whole stores in one snapshot and writes nothing, so it holds up nobody but the vacuum. */
const auditor: Limits = {
  idle_in_transaction_session_timeout: '120s',
  transaction_timeout: '1800s',
  lock_timeout: '30s',
}

/**
 * A snapshot of everything is one transaction, however long it takes. It is idle while Kafka does not take what was read, and
 * it writes nothing. Its heartbeats and signals are statements of their own.
 */
const debezium: Limits = {
  idle_in_transaction_session_timeout: '600s',
  transaction_timeout: '0',
  lock_timeout: '30s',
}

/**
 * Roles whose statements find their rows by an index, whatever the planner knows of the table. A plan that is kept, in a
 * prepared statement, a function or a foreign key's check, may be older than the table's growth: made for one page, a scan
 * of it is cheap, and it stays the plan until the next `analyze`. Nothing is forbidden: a statement without a fitting index
 * still scans.
 */
const findByIndex: readonly Role[] = [
  ...(['orders_service', 'payments_service', 'pulse_service'] as const),
  ...(['provider_service', 'vault_service', 'legacy_service'] as const),
]

/**
 * Of the same roles. One plan a statement and session: with arrays as parameters Postgres would plan anew each time, since it
 * knows the length of this one, which costs more CPU than the statement. There is one plan by index only, so nothing is lost.
 */
const planOnce = { enable_seqscan: 'off', plan_cache_mode: 'force_generic_plan' }

/** Settings of a role's sessions, by their names in Postgres. */
export function settingsOf(role: Role): Readonly<Record<string, string>> {
  return { ...limitsOf[role], ...(findByIndex.includes(role) && planOnce) }
}

export const limitsOf: Readonly<Record<Role, Limits>> = {
  orders_service: service,
  payments_service: service,
  legacy_service: service,
  pulse_service: service,
  provider_service: service,
  vault_service: service,
  catalog: server,
  registry: server,
  schema_owner: server,
  auditor,
  exporter: service,
  debezium,
}
