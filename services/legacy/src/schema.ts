/** The Postgres schema of this service's tables (deploy/postgres/legacy.sql). */
export const SCHEMA = 'legacy'
