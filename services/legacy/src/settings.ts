import {
  commonSettings,
  databaseSetting,
  idempotencySettings,
  rateLimitSettings,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  ...rateLimitSettings,
  ...idempotencySettings,
  DATABASE_URL: databaseSetting,
  PAYMENT_PROVIDER_URL: webAddressSetting,
  PAYMENT_PROVIDER_TIMEOUT_MS: Type.Integer({ default: 2_000, minimum: 100, maximum: 60_000 }),
  /** How long a worker that has found nothing waits before it looks again. */
  POLL_INTERVAL_MS: Type.Integer({ default: 500, minimum: 10, maximum: 60_000 }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readLegacySettings = (): Settings => readSettings(schema)
