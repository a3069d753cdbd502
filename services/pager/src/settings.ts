import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  /** Where the notifications are kept, one a line. */
  PAGES_FILE: Type.String({ minLength: 1 }),
  /** How many are kept. */
  MOST_PAGES: Type.Integer({ default: 10_000, minimum: 10, maximum: 1_000_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readPagerSettings = (): Settings => readSettings(schema)
