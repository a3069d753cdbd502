import { type PostgresRole, postgresRoles } from '@tenseams/identities/identities'

/** A role that logs in, but the admin. The service roles have the least privileges that their work needs. */
export type Role = Exclude<PostgresRole, 'postgres'>

export const roles: readonly Role[] = postgresRoles.filter((role) => role !== 'postgres')
