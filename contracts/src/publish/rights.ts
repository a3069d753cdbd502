import type { LoginSource } from '@tenseams/kafka/access/login'
import {
  changeQuotas,
  type QuotaChange,
  type QuotaKey,
  type UserQuota,
  userQuotas,
} from '@tenseams/kafka/access/quotas'
import { userNames } from '@tenseams/kafka/access/users'
import type { Admin } from 'kafkajs'
import type { Acl } from '../rights/acls.ts'
import type { Quota, QuotaName, User } from '../rights/users.ts'
import { addAcls, type BrokerAcl, brokerAclOf, readAcls, removeAcls } from './broker-acls.ts'
import type { Drift } from './drift.ts'

/** Users, rights and quotas as the broker has them. */
export type RunningRights = {
  readonly users: readonly string[]
  readonly acls: readonly BrokerAcl[]
  readonly quotas: ReadonlyMap<string, UserQuota>
}

/** What the contracts promise of them. */
export type PromisedRights = { readonly users: readonly User[]; readonly acls: readonly Acl[] }

/** The changes that make the broker agree. */
export type RightsPlan = {
  readonly add: readonly BrokerAcl[]
  readonly remove: readonly BrokerAcl[]
  readonly quotas: readonly QuotaChange[]
  /** Rights and quotas of users that the contracts do not know: only somebody who knows them may take them away. */
  readonly strange: readonly string[]
}

/** How an administrator of the brokers is reached. */
export type AdminAccess = {
  readonly brokers: string
  readonly login: LoginSource
  readonly admin: Admin
}

/** Users, rights and quotas on the broker. */
export async function readRights({ brokers, login, admin }: AdminAccess): Promise<RunningRights> {
  const access = { brokers, clientId: 'contracts', login: login() }
  return {
    acls: await readAcls(admin),
    quotas: await userQuotas(access),
    users: await userNames(access),
  }
}

export function planRights(promised: PromisedRights, running: RunningRights): RightsPlan {
  const wanted = promised.acls.map(brokerAclOf)
  const found = new Set(running.acls.map(({ key }) => key))
  const given = new Set(wanted.map(({ key }) => key))
  const surplus = running.acls.filter(({ key }) => !given.has(key))
  const isKnown = (name: string) => promised.users.some((user) => user.name === name)
  const strangers = [...running.quotas.keys()].filter((name) => !isKnown(name))
  return {
    add: wanted.filter(({ key }) => !found.has(key)),
    remove: surplus.filter(({ principal }) => isKnown(principal.replace(/^User:/, ''))),
    quotas: promised.users.flatMap((user) => quotaChanges(user, running.quotas.get(user.name))),
    strange: [
      ...surplus
        .filter(({ principal }) => !isKnown(principal.replace(/^User:/, '')))
        .map(({ key }) => `right ${key}`),
      ...strangers.map((name) => `quota of ${name}`),
    ],
  }
}

const quotaKeys: Readonly<Record<QuotaName, QuotaKey>> = {
  producerBytesPerSecond: 'producer_byte_rate',
  consumerBytesPerSecond: 'consumer_byte_rate',
  requestPercent: 'request_percentage',
}

function quotaChanges({ name: user, quota }: User, found: UserQuota = {}): readonly QuotaChange[] {
  const wanted = brokerQuotaOf(quota)
  const changed = Object.entries(wanted)
    .filter(([key, value]) => found[key as QuotaKey] !== value)
    .map(([key, value]) => ({ user, key, value }))
  const surplus = Object.keys(found).filter((key) => !Object.hasOwn(wanted, key))
  return [...changed, ...surplus.map((key) => ({ user, key }))]
}

function brokerQuotaOf(quota: Quota): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(quotaKeys).map(([name, key]) => [key, quota[name as QuotaName]]),
  )
}

/** Carries a plan out. Rights are added before others are taken away. After a crash in between, the next run does the rest. */
export async function carryOutRights(access: AdminAccess, plan: RightsPlan): Promise<void> {
  await addAcls(access.admin, plan.add)
  await removeAcls(access.admin, plan.remove)
  if (plan.quotas.length === 0) return
  const { brokers, login } = access
  await changeQuotas({ brokers, clientId: 'contracts', login: login() }, plan.quotas)
}

/** Whether there is nothing to change. */
export function isNothing({ add, remove, quotas }: RightsPlan): boolean {
  return add.length + remove.length + quotas.length === 0
}

/** A plan's changes, a line each. */
export function changesIn({ add, remove, quotas }: RightsPlan): readonly string[] {
  return [
    ...add.map(({ key }) => `right ${key}: given`),
    ...remove.map(({ key }) => `right ${key}: taken away`),
    ...quotas.map(({ user, key, value }) => `quota of ${user}: ${key} ${value ?? 'none'}`),
  ]
}

const publishIt = 'npm run contracts -- publish'

/** All differences in both directions. */
export function rightsDrift(promised: PromisedRights, running: RunningRights): readonly Drift[] {
  const plan = planRights(promised, running)
  const missing = promised.users.filter(({ name }) => !running.users.includes(name))
  return [
    ...missing.map(({ name }) => ({
      what: `user ${name}: the broker does not have it, so it cannot log in`,
      next: 'npm run stack -- up, which makes the users of an instance from its files of credentials',
    })),
    ...plan.add.map(({ key }) => ({
      what: `right ${key}: the broker does not have it`,
      next: publishIt,
    })),
    ...plan.remove.map(({ key }) => ({
      what: `right ${key}: the broker has it, and contracts do not give it`,
      next: `${publishIt}, which takes it away; if it is needed, add it to contracts/users.yaml`,
    })),
    ...plan.quotas.map(({ user, key, value }) => ({
      what: `quota of ${user}: ${key} ${value ?? 'none'} is promised, the broker has ${running.quotas.get(user)?.[key as QuotaKey] ?? 'none'}`,
      next: publishIt,
    })),
    ...plan.strange.map((what) => ({
      what: `${what}: no user of contracts/users.yaml`,
      next: 'find who gave it, and take it away with Kafka’s own tools (kafka-acls, kafka-configs), or add the user',
    })),
  ]
}
