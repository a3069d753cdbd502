import {
  commonSettings,
  databaseSetting,
  lifeSetting,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: databaseSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
  CONNECT_URL: webAddressSetting,
  /** The interval of ticks in a partition without events; a window closes at most two intervals later. It grows with silence (due-ticks.ts). */
  TICK_INTERVAL_MS: Type.Integer({ default: 1_000, minimum: 100, maximum: 60_000 }),
  /** The longest interval, also in a partition that has events. */
  TICK_REST_INTERVAL_MS: Type.Integer({ default: 60_000, minimum: 1_000, maximum: 600_000 }),
  /** How long ticks and barriers stay in Postgres: docs/retention.md. Far above the time that an audit waits for a barrier. */
  CONTROL_ROWS_LIFE_MS: lifeSetting({ least: 600_000, usual: 86_400_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPulseSettings = (): Settings => readSettings(schema)
