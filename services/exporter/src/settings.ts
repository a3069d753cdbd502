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
  /** With a role that sees replication slots and reads no table. */
  DATABASE_URL: databaseSetting,
  KAFKA_BROKERS: brokersSetting,
  FLINK_URL: webAddressSetting,
  CATALOG_URL: webAddressSetting,
  /** How long what the lake has answered is shown again: its metadata are large, and change by the commit. */
  LAKE_KEPT_MS: Type.Integer({ default: 30_000, minimum: 0, maximum: 600_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readExporterSettings = (): Settings => readSettings(schema)
