import type { Topic } from '../topics.ts'
import { type Acl, type AclOperation, aclsOf, isAllowed } from './acls.ts'
import type { User } from './users.ts'

/** One question of the matrix: may this identity do this to that? */
export type Cell = {
  readonly identity: string
  readonly operation: KafkaOperation
  /** A topic, a group, or a transactional id. */
  readonly target: string
  readonly allowed: boolean
}

export type KafkaOperation = keyof typeof operations

/** What a user does, and the right that the broker asks for. */
const operations = {
  produce: ['topic', 'write'],
  consume: ['topic', 'read'],
  'create a topic': ['topic', 'create'],
  'alter a topic': ['topic', 'alter-configs'],
  'delete a topic': ['topic', 'delete'],
  commit: ['group', 'read'],
  transact: ['transactional-id', 'write'],
} as const satisfies Readonly<Record<string, readonly [Acl['resource'], AclOperation]>>

/** What the cells ask of, beside the topics of the contracts and their dead letters. */
export type OtherTargets = { readonly topics: readonly string[] }

/**
 * Every user with every operation on every target. A name that stands for any rest is asked of as one with the rest
 * `matrix`, which no program uses.
 */
export function kafkaCells(
  topics: readonly Topic[],
  users: readonly User[],
  others: OtherTargets,
): readonly Cell[] {
  const acls = aclsOf(topics, users)
  const targets = {
    topic: [
      ...topics.flatMap(({ name, deadLetter }) => [name, deadLetter]),
      ...others.topics,
      ...namesIn(users.map((user) => Object.keys(user.topics))),
    ],
    group: namesIn(users.map((user) => Object.keys(user.groups))),
    'transactional-id': namesIn(users.map((user) => user.transactionalIds)),
  }
  return users.flatMap(({ name: identity }) =>
    Object.entries(operations).flatMap(([asked, [resource, operation]]) =>
      [...new Set(targets[resource])].map((target): Cell => {
        const allowed = isAllowed(acls, { user: identity, resource, name: target, operation })
        // The keys of `operations`.
        return { identity, operation: asked as KafkaOperation, target, allowed }
      }),
    ),
  )
}

function namesIn(patterns: readonly (readonly string[])[]): readonly string[] {
  return patterns
    .flat()
    .filter((pattern) => pattern !== '*')
    .map((pattern) => pattern.replace(/\*$/, 'matrix'))
}
