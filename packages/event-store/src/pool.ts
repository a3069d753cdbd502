import pg from 'pg'

/** Opens connections to Postgres, for all of the repository, so that every wait has a bound. */
export function openPool(databaseUrl: string, applicationName: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
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
