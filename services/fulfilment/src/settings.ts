import {
  brokersSetting,
  commonSettings,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: brokersSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
  /** Without a heartbeat for this long the group reassigns our partitions. The broker accepts 6 s at least. */
  SESSION_TIMEOUT_MS: Type.Integer({ default: 15_000, minimum: 6_000, maximum: 300_000 }),
  /** After this long the broker aborts a transaction that we left open, so that readers can continue past it. */
  TRANSACTION_TIMEOUT_MS: Type.Integer({ default: 30_000, minimum: 1_000, maximum: 900_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readFulfilmentSettings = (): Settings => readSettings(schema)
