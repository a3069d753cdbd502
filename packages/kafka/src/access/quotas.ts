import {
  alterClientQuotasV1,
  type ClientQuotaKey,
  ClientQuotaMatchTypes,
  describeClientQuotasV0,
} from '@platformatic/kafka'
import { type RawAccess, withConnection } from './raw-connection.ts'

/** What the brokers let one user have, by Kafka's names; a name that is missing has no limit. */
export type UserQuota = Partial<Readonly<Record<QuotaKey, number>>>

export type QuotaKey = 'producer_byte_rate' | 'consumer_byte_rate' | 'request_percentage'

/** The quotas of all users that have any. */
export async function userQuotas(access: RawAccess): Promise<ReadonlyMap<string, UserQuota>> {
  const anyUser = { entityType: 'user', matchType: ClientQuotaMatchTypes.ANY } as const
  const { entries } = await withConnection(access, (connection) =>
    describeClientQuotasV0.api.async(connection, [anyUser], true),
  )
  return new Map(
    (entries ?? []).flatMap(({ entity, values }) => {
      const name = entity[0]?.entityName
      if (typeof name !== 'string') return []
      return [[name, Object.fromEntries(values.map(({ key, value }) => [key, value]))]]
    }),
  )
}

/** A key's new value, or its removal. */
export type QuotaChange = { readonly user: string; readonly key: string; readonly value?: number }

/** Changes quotas in one request. The brokers apply them within moments, to connections that are open too. */
export async function changeQuotas(
  access: RawAccess,
  changes: readonly QuotaChange[],
): Promise<void> {
  const byUser = Map.groupBy(changes, ({ user }) => user)
  const entries = [...byUser].map(([user, own]) => ({
    entities: [{ entityType: 'user' as const, entityName: user }],
    ops: own.map(({ key, value }) => operation(key as ClientQuotaKey, value)),
  }))
  await withConnection(access, (connection) =>
    alterClientQuotasV1.api.async(connection, entries, false),
  )
}

function operation(key: ClientQuotaKey, value: number | undefined) {
  return value === undefined
    ? { key, remove: true as const }
    : { key, value, remove: false as const }
}
