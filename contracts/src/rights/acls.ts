import type { Topic } from '../topics.ts'
import type { ClusterRight, GroupRight, TopicRight, User } from './users.ts'

/** One right that the broker gives to a user; whatever has none is refused. */
export type Acl = {
  readonly user: string
  readonly resource: 'topic' | 'group' | 'transactional-id' | 'cluster'
  /** Of a `prefixed` one, the beginning of names. `*`, literal, is every name. */
  readonly name: string
  readonly pattern: 'literal' | 'prefixed'
  readonly operation: AclOperation
}

export type AclOperation =
  | 'read'
  | 'write'
  | 'create'
  | 'delete'
  | 'alter'
  | 'describe'
  | 'describe-configs'
  | 'alter-configs'

/** Kafka's name of the cluster as a resource. */
export const CLUSTER = 'kafka-cluster'

/**
 * Every right of every user, once, sorted: what topics.yaml says of owners and consumers, and what users.yaml adds. A right
 * to read, write, delete or alter includes the right to describe (Kafka's authorizer).
 */
export function aclsOf(topics: readonly Topic[], users: readonly User[]): readonly Acl[] {
  const acls = users.flatMap((user) => [
    ...topics.flatMap((topic) => contractAcls(user, topic, users)),
    ...Object.entries(user.topics).flatMap(([name, rights]) =>
      rights.map((right): Acl => aclOf(user, 'topic', name, topicOperation(right))),
    ),
    ...Object.entries(user.groups).flatMap(([name, rights]) =>
      rights.map((right) => aclOf(user, 'group', name, groupOperations[right])),
    ),
    ...user.transactionalIds.map((name) => aclOf(user, 'transactional-id', name, 'write')),
    ...user.cluster.map((right) => aclOf(user, 'cluster', CLUSTER, clusterOperation(right))),
  ])
  const once = new Map(acls.map((acl) => [keyOf(acl), acl]))
  return [...once.keys()].toSorted().map((key) => once.get(key) as Acl)
}

/** Equal for equal rights. Also how a right is told to people. */
export function keyOf({ user, resource, name, pattern, operation }: Acl): string {
  return `${user} may ${operation} ${resource} ${name}${pattern === 'prefixed' ? '*' : ''}`
}

/** The user that writes a topic: the one that relays it, or else its owner's. */
export function writerOf(topic: Topic, users: readonly User[]): User | undefined {
  return users.find(({ relays }) => relays.includes(topic.name)) ?? userFor(topic.owner, users)
}

/** The user as which an owner or a consumer of topics.yaml runs. */
export function userFor(name: string, users: readonly User[]): User | undefined {
  return users.find((user) => user.name === name || user.runs.includes(name))
}

function contractAcls(user: User, topic: Topic, users: readonly User[]): readonly Acl[] {
  const reads = topic.consumers.some((consumer) => userFor(consumer, users) === user)
  return [
    ...(writerOf(topic, users) === user ? [aclOf(user, 'topic', topic.name, 'write')] : []),
    ...(reads ? [aclOf(user, 'topic', topic.name, 'read')] : []),
    ...(reads && user.deadLetters ? [aclOf(user, 'topic', topic.deadLetter, 'write')] : []),
  ]
}

const groupOperations: Readonly<Record<GroupRight, AclOperation>> = {
  commit: 'read',
  describe: 'describe',
  delete: 'delete',
}

const topicOperation = (right: TopicRight): AclOperation => right
const clusterOperation = (right: ClusterRight): AclOperation => right

function aclOf(user: User, resource: Acl['resource'], name: string, operation: AclOperation): Acl {
  const isPrefix = name.endsWith('*') && name !== '*'
  return {
    user: user.name,
    resource,
    name: isPrefix ? name.slice(0, -1) : name,
    pattern: isPrefix ? 'prefixed' : 'literal',
    operation,
  }
}

/** Whether rights allow an operation, as Kafka's authorizer decides. */
export function isAllowed(
  acls: readonly Acl[],
  { operation, ...asked }: Omit<Acl, 'pattern'>,
): boolean {
  return acls.some(
    (acl) =>
      concerns(acl, asked) &&
      (acl.operation === operation || includesOperation(acl.operation, operation)),
  )
}

/** Whether a right is of this user and this resource, whatever it allows. */
export function concerns(
  acl: Acl,
  {
    user,
    resource,
    name,
  }: { readonly user: string; readonly resource: string; readonly name: string },
): boolean {
  return (
    acl.user === user &&
    acl.resource === resource &&
    (acl.pattern === 'prefixed' ? name.startsWith(acl.name) : ['*', name].includes(acl.name))
  )
}

/** Whether a right to the one includes the other. */
export function includesOperation(right: AclOperation, operation: string): boolean {
  return implied[operation]?.includes(right) ?? false
}

/** The operations that include another one. */
const implied: Readonly<Record<string, readonly AclOperation[]>> = {
  describe: ['read', 'write', 'delete', 'alter'],
  'describe-configs': ['alter-configs'],
}
