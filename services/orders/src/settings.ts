import {
  brokersSetting,
  commonSettings,
  databaseSetting,
  idempotencySettings,
  inboxSettings,
  rateLimitSettings,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  ...rateLimitSettings,
  ...inboxSettings,
  ...idempotencySettings,
  DATABASE_URL: databaseSetting,
  /** The vault: one key per customer, in a database that no connector captures. */
  VAULT_DATABASE_URL: databaseSetting,
  KAFKA_BROKERS: brokersSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
})

export type Settings = Readonly<Static<typeof schema>>

export const readOrderSettings = (): Settings => readSettings(schema)
