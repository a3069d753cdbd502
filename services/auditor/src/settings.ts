import {
  brokersSetting,
  commonSettings,
  databaseSetting,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  /** Both with a role that may only read. */
  DATABASE_URL: databaseSetting,
  PROVIDER_DATABASE_URL: databaseSetting,
  KAFKA_BROKERS: brokersSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
  CATALOG_URL: webAddressSetting,
  PULSE_URL: webAddressSetting,
  FLINK_URL: webAddressSetting,
  AUDIT_INTERVAL_MS: Type.Integer({ default: 15_000, minimum: 1_000, maximum: 3_600_000 }),
  /** The same while nothing is bought, and the last audit has found everything as it must be. */
  AUDIT_REST_INTERVAL_MS: Type.Integer({ default: 300_000, minimum: 1_000, maximum: 86_400_000 }),
  /** How old a missing effect must be to count as lost. */
  AUDIT_GRACE_MS: Type.Integer({ default: 60_000, minimum: 1_000, maximum: 3_600_000 }),
  /** How far silver may be behind bronze before there is no verdict on it; more than `SILVER_INTERVAL_MS`. */
  AUDIT_SILVER_BEHIND_MS: Type.Integer({ default: 300_000, minimum: 1_000, maximum: 86_400_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readAuditorSettings = (): Settings => readSettings(schema)
