import { causesOf } from './causes.ts'

/**
 * Whose fault a failure is. `record`: the input itself, and no retry changes that. `outage`: a dependency, so that every
 * record would fail now. `bug`: our own code, or nobody knows.
 */
export type Fault = 'record' | 'outage' | 'bug'

type Rows = readonly (readonly [what: string, fault: Fault])[]

/**
 * By class of SQLSTATE, or by a whole one, which precedes its class. What has no row is a bug: a statement that Postgres
 * does not understand, for instance. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const sqlStateFaults: Rows = [
  ['08', 'outage'], // connection
  ['22', 'record'], // data, such as a number out of range
  ['23', 'record'], // a constraint
  ['25006', 'outage'], // read only, as after a failover
  ['25P03', 'outage'], // idle in transaction for too long
  ['25P04', 'outage'], // transaction timeout
  ['28', 'outage'], // login
  ['3D', 'outage'], // no such database
  ['40', 'outage'], // rolled back: serialisation, deadlock
  ['42501', 'outage'], // a right that was taken away
  ['53', 'outage'], // disk, memory, connections
  ['55006', 'outage'], // in use
  ['55P03', 'outage'], // locked
  ['57', 'outage'], // an operator, a shutdown, a timeout
  ['58', 'outage'], // a system call
  ['F0', 'outage'], // configuration
  ['XX', 'outage'], // internal, a damaged index or page
]

/** By status of an HTTP answer. What has no row is a bug. */
export const httpStatusFaults: Rows = [
  ['400', 'record'],
  ['422', 'record'],
  ['401', 'outage'],
  ['403', 'outage'],
  ['404', 'outage'],
  ['408', 'outage'],
  ['425', 'outage'],
  ['429', 'outage'],
  ['5', 'outage'],
]

/** Codes of Node, of its resolver and of its HTTP client for a network or a machine that does not serve. */
const systemOutages = new Set([
  ...['EADDRINUSE', 'EADDRNOTAVAIL', 'EAGAIN', 'EAI_AGAIN', 'EAI_FAIL', 'ECONNABORTED'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETRESET'],
  ...['ENETUNREACH', 'ENODATA', 'ENOTCONN', 'ENOTFOUND', 'EPIPE', 'ESERVFAIL', 'ESHUTDOWN'],
  ...['ETIMEDOUT', 'ETIMEOUT', 'EACCES', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOBUFS'],
  ...['ENOMEM', 'ENOSPC', 'EROFS'],
])
const SYSTEM_OUTAGE = /^UND_ERR_/
const timeouts = new Set(['TimeoutError', 'AbortError'])
const SQLSTATE = /^(?:\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/**
 * The one table of the repository: every reader of records asks it, and docs/record-or-outage.md says it in words. An
 * error, or the first of its causes that says anything, decides: by its own `retriable`, as a client of Kafka's, by
 * SQLSTATE, by HTTP status (`status`), by the code of a system call, or as a timeout.
 */
export function faultOf(error: unknown): Fault {
  for (const cause of causesOf(error)) {
    const fault = faultIn(cause)
    if (fault !== undefined) return fault
  }
  return 'bug'
}

/** Undefined when the error alone does not say: its cause may. */
function faultIn(error: Error): Fault | undefined {
  // kafkajs calls "not retriable" what it has retried often enough.
  if (error.name.startsWith('KafkaJS')) return 'outage'
  if ('retriable' in error && typeof error.retriable === 'boolean') {
    return error.retriable ? 'outage' : 'record'
  }
  if ('code' in error && typeof error.code === 'string') {
    if (isSqlState(error.code)) return faultOfSqlState(error.code)
    if (systemOutages.has(error.code) || SYSTEM_OUTAGE.test(error.code)) return 'outage'
  }
  if ('status' in error && typeof error.status === 'number') return faultOfStatus(error.status)
  return timeouts.has(error.name) ? 'outage' : undefined
}

/** Whether a code is one of Postgres and not of a system call: EPIPE has five capitals, too. */
export function isSqlState(code: string): boolean {
  return SQLSTATE.test(code)
}

export function faultOfSqlState(code: string): Fault {
  return rowFor(sqlStateFaults, code) ?? 'bug'
}

export function faultOfStatus(status: number): Fault {
  return rowFor(httpStatusFaults, String(status)) ?? 'bug'
}

function rowFor(rows: Rows, what: string): Fault | undefined {
  return rows.find(([start]) => what.startsWith(start))?.[1]
}

/** Errors by which our own code, and no dependency, is known to have failed. */
export function isProgrammingError(error: unknown): boolean {
  const isOurs =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError ||
    (error instanceof Error && 'code' in error && error.code === 'ERR_ASSERTION')
  // `fetch failed` is a TypeError: its cause has the code of the network.
  return isOurs && faultOf(error) === 'bug'
}
