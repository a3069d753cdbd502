import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { ContractError } from '../errors.ts'

/** A user of Kafka as `users.yaml` has it: what it may do beside what `topics.yaml` says. */
export type User = {
  readonly name: string
  readonly groups: Rights<GroupRight>
  readonly transactionalIds: readonly string[]
  readonly topics: Rights<TopicRight>
  readonly cluster: readonly ClusterRight[]
  /** Names of owners and consumers in `topics.yaml` that run as this user. */
  readonly runs: readonly string[]
  /** Topics that this user writes instead of their owner. */
  readonly relays: readonly string[]
  /** False when it passes over records that it cannot read. */
  readonly deadLetters: boolean
  readonly quota: Quota
}

/** By a name, or by a name's beginning and a `*`. */
export type Rights<Right> = Readonly<Record<string, readonly Right[]>>

/** What the broker lets a user have before it makes it wait. */
export type Quota = Readonly<Record<QuotaName, number>>

export type GroupRight = (typeof groupRights)[number]
export type TopicRight = (typeof topicRights)[number]
export type ClusterRight = (typeof clusterRights)[number]
export type QuotaName = (typeof quotaNames)[number]

const groupRights = ['commit', 'describe', 'delete'] as const
const topicRights = [
  ...(['read', 'write', 'describe', 'create', 'alter', 'delete'] as const),
  ...(['describe-configs', 'alter-configs'] as const),
] as const
const clusterRights = ['describe', 'alter', 'describe-configs', 'alter-configs'] as const
const quotaNames = ['producerBytesPerSecond', 'consumerBytesPerSecond', 'requestPercent'] as const

/** May do everything, and has no quota: it makes the others. */
export const ADMIN = 'admin'

const usersFile = fileURLToPath(new URL('../../users.yaml', import.meta.url))

/** All users in the file's order. @throws ContractError with all mistakes of the file. */
export function readUsers(): readonly User[] {
  return parseUsers(readFileSync(usersFile, 'utf8'))
}

/** @throws ContractError with all mistakes. */
export function parseUsers(yaml: string): readonly User[] {
  const { users, mistakes } = readableUsers(yaml)
  if (mistakes.length === 0) return users
  const lines = mistakes.map((mistake) => `  ${mistake}`)
  throw new ContractError(`contracts/users.yaml cannot be used:\n${lines.join('\n')}`)
}

/** The users whose entries have no mistake, and the mistakes of the others, such as `orders.quota: …`. */
export function readableUsers(yaml: string): {
  readonly users: readonly User[]
  readonly mistakes: readonly string[]
} {
  const entries = entriesOf(yaml)
  if (entries === undefined)
    return { users: [], mistakes: ['`users` is missing, empty, or no YAML'] }
  const read = entries.map(([name, entry]) => ({ name, entry, wrong: mistakesOf(name, entry) }))
  return {
    users: read
      .filter(({ wrong }) => wrong.length === 0)
      .map(({ name, entry }) => userOf(name, entry)),
    mistakes: read.flatMap(({ name, wrong }) => wrong.map((mistake) => `${name}${mistake}`)),
  }
}

type Entry = Readonly<Record<string, unknown>>

function entriesOf(yaml: string): readonly (readonly [string, Entry])[] | undefined {
  try {
    const document: unknown = parse(yaml)
    if (!isObject(document) || !isObject(document.users)) return undefined
    const entries = Object.entries(document.users)
    if (entries.length === 0 || Object.keys(document).length > 1) return undefined
    return entries.map(([name, entry]) => [name, isObject(entry) ? entry : {}])
  } catch {
    return undefined
  }
}

function userOf(name: string, entry: Entry): User {
  const optional = {
    groups: {},
    transactionalIds: [],
    topics: {},
    cluster: [],
    runs: [],
    relays: [],
  }
  // Every property was checked before.
  return Object.freeze({ name, ...optional, deadLetters: true, ...entry }) as unknown as User
}

type Check = readonly [expected: string, holds: (value: unknown) => boolean]

const rights = (known: readonly string[]): Check => [
  `names, each with a list of ${known.join(', ')},`,
  (value) =>
    value === undefined ||
    (isObject(value) &&
      Object.entries(value).every(([name, given]) => isPattern(name) && isListOf(known)(given))),
]

const names: Check = [
  'a list of different names',
  (value) => value === undefined || (isListOf(undefined)(value) && value.every(isPattern)),
]

const checks: Readonly<Record<keyof Omit<User, 'name' | 'quota'>, Check>> = {
  groups: rights(groupRights),
  transactionalIds: names,
  topics: rights(topicRights),
  cluster: [
    `a list of ${clusterRights.join(', ')}`,
    (value) => value === undefined || isListOf(clusterRights)(value),
  ],
  runs: names,
  relays: names,
  deadLetters: ['true or false', (value) => value === undefined || typeof value === 'boolean'],
}

function mistakesOf(name: string, entry: Entry): readonly string[] {
  const wrong = Object.entries(checks)
    .filter(([property, [, holds]]) => !holds(entry[property]))
    .map(([property, [expected]]) => `.${property}: ${expected} is expected`)
  const unknown = Object.keys(entry)
    .filter((property) => property !== 'quota' && !Object.hasOwn(checks, property))
    .map((property) => `.${property}: is not known`)
  const misnamed = /^[a-z][a-z0-9-]{0,39}$/.test(name) ? [] : [': a name like orders is expected']
  const reserved = name === ADMIN ? [': may do everything, so it has no entry'] : []
  return [...misnamed, ...reserved, ...wrong, ...unknown, ...quotaMistakes(entry.quota)]
}

/** The most that Kafka's numbers and a reader's head can hold: a terabyte a second, and a hundred threads. */
const mostOf: Quota = {
  producerBytesPerSecond: 1e12,
  consumerBytesPerSecond: 1e12,
  requestPercent: 10_000,
}
/** Below, a single request waits for longer than its client does. */
const leastOf: Quota = {
  producerBytesPerSecond: 100_000,
  consumerBytesPerSecond: 100_000,
  requestPercent: 1,
}

function quotaMistakes(quota: unknown): readonly string[] {
  if (!isObject(quota)) return [`.quota: ${quotaNames.join(', ')} are expected`]
  const wrong = quotaNames
    .filter((name) => !isWhole(quota[name], leastOf[name], mostOf[name]))
    .map(
      (name) =>
        `.quota.${name}: a whole number from ${leastOf[name]} to ${mostOf[name]} is expected`,
    )
  const unknown = Object.keys(quota)
    .filter((name) => !quotaNames.some((known) => known === name))
    .map((name) => `.quota.${name}: is not known`)
  return [...wrong, ...unknown]
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}

/** Kafka's own characters, and a `*` at the end only. */
function isPattern(name: string): boolean {
  return /^([A-Za-z0-9._:-]+\*?|\*)$/.test(name)
}

function isListOf(known: readonly string[] | undefined): (value: unknown) => value is string[] {
  return (value): value is string[] =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every((each) => typeof each === 'string' && (known?.includes(each) ?? true))
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
