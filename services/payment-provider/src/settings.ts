import { commonSettings, databaseSetting, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: databaseSetting,
})

export type Settings = Readonly<Static<typeof schema>>

export const readProviderSettings = (): Settings => readSettings(schema)
