import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  PAYMENT_PROVIDER_URL: Type.String({ pattern: '^http' }),
  PAYMENT_PROVIDER_TIMEOUT_MS: Type.Integer({ default: 2_000, minimum: 100, maximum: 60_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPaymentSettings = (): Settings => readSettings(schema)
