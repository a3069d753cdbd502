/** All roles that log in. The service roles have the least privileges that their work needs. */
export const roles = [
  'orders_service',
  'payments_service',
  'pulse_service',
  'auditor',
  'provider_service',
  'vault_service',
  'debezium',
  'catalog',
  'registry',
] as const

export type Role = (typeof roles)[number]
