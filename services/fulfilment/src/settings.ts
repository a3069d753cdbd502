import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readFulfilmentSettings = (): Settings => readSettings(schema)
