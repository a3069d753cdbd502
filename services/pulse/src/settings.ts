import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  CONNECT_URL: Type.String({ pattern: '^http' }),
  /** The interval of ticks in each partition; a window closes at most this much later. */
  TICK_INTERVAL_MS: Type.Integer({ default: 1_000, minimum: 100, maximum: 60_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPulseSettings = (): Settings => readSettings(schema)
