import {
  brokersSetting,
  commonSettings,
  databaseSetting,
  inboxSettings,
  lifeSetting,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  ...inboxSettings,
  DATABASE_URL: databaseSetting,
  KAFKA_BROKERS: brokersSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
  PAYMENT_PROVIDER_URL: webAddressSetting,
  PAYMENT_PROVIDER_TIMEOUT_MS: Type.Integer({ default: 2_000, minimum: 100, maximum: 60_000 }),
  /** Of the orders service: what an order costs, when the provider has a payment of which we know nothing. */
  ORDERS_URL: webAddressSetting,
  /** How often the provider's books are compared with ours. */
  RECONCILE_INTERVAL_MS: Type.Integer({ default: 10_000, minimum: 100, maximum: 3_600_000 }),
  /** Younger operations may still be under way. Well above every timeout and retry of one record. */
  RECONCILE_GRACE_MS: Type.Integer({ default: 60_000, minimum: 1_000, maximum: 86_400_000 }),
  /** What was older when the first comparison began is not compared. */
  RECONCILE_HORIZON_MS: lifeSetting({ least: 60_000, usual: 604_800_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPaymentSettings = (): Settings => readSettings(schema)
