import { type IdentityName, identities } from './identities.ts'

/** Who may do something at a server. `everybody` includes whoever does not log in. */
export type Permitted = 'everybody' | readonly IdentityName[]

/** What can be asked of each server over HTTP that is not one of our services. */
export type ServerOperations = {
  readonly registry: 'read' | 'register' | 'register-raw-change' | 'set-level' | 'delete'
  readonly connect: 'read' | 'change'
  readonly flink: 'read' | 'change'
  readonly 'sql-gateway': 'read' | 'run'
  readonly catalog: 'read' | 'change'
}

export type ServerName = keyof ServerOperations

type ServerRights = {
  readonly [Name in ServerName]: Readonly<Record<ServerOperations[Name], Permitted>>
}

/**
 * Who may do what at the servers that do not know our routes. Each enforces it by itself (deploy/local): no proxy can be passed by.
 * Schemas and the state of jobs are no secret on this machine, so everybody reads them. A result of the SQL gateway may be
 * anything, and Connect's own authentication knows no request without a login. To change a table, a client first reads it, so whoever
 * may change the catalogue may read it.
 */
export const serverRights: ServerRights = {
  registry: {
    read: 'everybody',
    register: ['publisher'],
    'register-raw-change': ['publisher', 'connect'],
    'set-level': ['publisher'],
    delete: ['publisher'],
  },
  connect: { read: ['pulse', 'operator', 'admin'], change: ['pulse', 'operator', 'admin'] },
  flink: { read: 'everybody', change: ['flink', 'operator', 'admin'] },
  'sql-gateway': { read: ['operator', 'admin'], run: ['operator', 'admin'] },
  catalog: {
    read: ['lakehouse', 'flink', 'auditor', 'exporter', 'load', 'reader', 'operator', 'admin'],
    change: ['lakehouse', 'flink', 'operator', 'admin'],
  },
}

/**
 * Who may log in to what watches the others. Whoever may log in there may do everything that they can: a reader of Prometheus changes
 * nothing, but whoever reaches Alertmanager may silence alerts.
 */
export const monitoringLogins = {
  prometheus: ['prometheus', 'reader', 'operator', 'admin'],
  alertmanager: ['prometheus', 'operator', 'admin'],
} as const satisfies Readonly<Record<string, readonly IdentityName[]>>

/** The identities that may log in to a server at all. */
export function whoLogsIn(server: ServerName): readonly IdentityName[] {
  const permitted = Object.values<Permitted>(serverRights[server])
  return [...new Set(permitted.flatMap(named))].toSorted()
}

/** The identities that are named for an operation of the catalogue. */
export function whoAtCatalog(operation: ServerOperations['catalog']): readonly IdentityName[] {
  return named(serverRights.catalog[operation])
}

const named = (permitted: Permitted) => (permitted === 'everybody' ? [] : permitted)

/** One cell of the matrix: whether somebody may do something at a server. */
export type ServerCell = {
  /** Undefined for whoever does not log in. */
  readonly identity: IdentityName | undefined
  readonly operation: string
  readonly target: ServerName
  readonly allowed: boolean
}

/** Every identity and whoever has none, by every operation of every server. */
export function serverCells(): readonly ServerCell[] {
  const everybody = [undefined, ...identities.map(({ name }) => name)]
  return Object.entries(serverRights).flatMap(([target, rights]) =>
    Object.entries<Permitted>(rights).flatMap(([operation, permitted]) =>
      everybody.map((identity) => ({
        identity,
        operation,
        // The keys of `serverRights` are the servers' names.
        target: target as ServerName,
        allowed: permitted === 'everybody' || permitted.some((each) => each === identity),
      })),
    ),
  )
}
