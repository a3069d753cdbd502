import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  /** Both by a role that can read, and nothing else. */
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  PROVIDER_DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  CATALOG_URL: Type.String({ pattern: '^http' }),
  PULSE_URL: Type.String({ pattern: '^http' }),
  AUDIT_INTERVAL_MS: Type.Integer({ default: 15_000, minimum: 1_000, maximum: 3_600_000 }),
  /** How long what is behind may stay behind before it counts as lost. */
  AUDIT_GRACE_MS: Type.Integer({ default: 60_000, minimum: 1_000, maximum: 3_600_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readAuditorSettings = (): Settings => readSettings(schema)
