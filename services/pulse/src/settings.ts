import {
  commonSettings,
  lifeSetting,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  SCHEMA_REGISTRY_URL: webAddressSetting,
  CONNECT_URL: webAddressSetting,
  /** The interval of ticks in a partition without events; a window closes at most two intervals later. */
  TICK_INTERVAL_MS: Type.Integer({ default: 1_000, minimum: 100, maximum: 60_000 }),
  /** For how long after the last event ticks go on at that interval. Longer than any window stays open. */
  TICK_ACTIVE_MS: Type.Integer({ default: 3_600_000, minimum: 60_000 }),
  /** The interval after that, and in a partition that has events. */
  TICK_REST_INTERVAL_MS: Type.Integer({ default: 60_000, minimum: 1_000, maximum: 600_000 }),
  /** How long ticks and barriers stay in Postgres: docs/retention.md. Far above the time that an audit waits for a barrier. */
  CONTROL_ROWS_LIFE_MS: lifeSetting({ least: 600_000, usual: 86_400_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPulseSettings = (): Settings => readSettings(schema)
