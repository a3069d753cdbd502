import { type PostgresPasswords, postgresPasswords } from '@tenseams/identities/postgres-password'
import type pg from 'pg'
import { LoginPool } from './login.ts'

/** Where a pool connects, and with whose file of credentials. The role is the user in the address, which has no password. */
export type Database = { readonly url: string; readonly credentialsFile: string }

/** Opens connections to Postgres, for all of the repository, so that every wait has a bound. */
export function openPool(database: Database, applicationName: string): pg.Pool {
  const pool = new LoginPool({
    databaseUrl: database.url,
    passwords: passwordsOf(database),
    application_name: applicationName,
    max: 8,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    keepAlive: true,
  })
  pool.on('error', () => {
    // An idle connection broke, and the pool replaces it. Without a listener its error would end the process.
  })
  pool.on('connect', (client) => {
    // The same for a connection that is in use and idle: Postgres may end its session between two statements of a
    // transaction (deploy/postgres/src/limits.ts). The next statement fails.
    client.on('error', () => undefined)
  })
  return pool
}

/** The passwords of the role with which the database's address logs in. */
export function passwordsOf({ url, credentialsFile }: Database): PostgresPasswords {
  return postgresPasswords(credentialsFile, decodeURIComponent(new URL(url).username))
}
