import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readProviderSettings = (): Settings => readSettings(schema)
