import { commonSettings, rateLimitSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'
import { bareGuards } from './without-guards.ts'

const schema = Type.Object({
  ...commonSettings,
  ...rateLimitSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  /** The vault: a key per customer, in a database that no connector captures. */
  VAULT_DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  /** Only in a proof: shipments meet one guard alone, or none. */
  BROKEN_GUARD: Type.Optional(Type.Enum([...bareGuards])),
})

export type Settings = Readonly<Static<typeof schema>>

export const readOrderSettings = (): Settings => readSettings(schema)
