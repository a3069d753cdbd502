import { loopSteps } from '@tenseams/kafka/partition-owner'
import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'
import { missingGuards } from './without-guards.ts'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  /** After so long without a heartbeat the group gives our partitions to others. The broker takes 6 s at least. */
  SESSION_TIMEOUT_MS: Type.Integer({ default: 15_000, minimum: 6_000, maximum: 300_000 }),
  /** After so long the broker aborts a transaction that we have left open, and readers go on behind it. */
  TRANSACTION_TIMEOUT_MS: Type.Integer({ default: 30_000, minimum: 1_000, maximum: 900_000 }),
  /** Only in a drill or a proof: each time that the loop is at this step, it pauses. */
  DRILL_PAUSE_AT: Type.Optional(Type.Enum([...loopSteps])),
  DRILL_PAUSE_MS: Type.Integer({ default: 5_000, minimum: 1, maximum: 60_000 }),
  /** Only in a proof, which must then fail: the loop does without one of its guards. */
  BROKEN_GUARD: Type.Optional(Type.Enum([...missingGuards])),
})

export type Settings = Readonly<Static<typeof schema>>

export const readFulfilmentSettings = (): Settings => readSettings(schema)
