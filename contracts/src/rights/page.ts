import { type Identity, identities } from '@tenseams/identities/identities'
import type { Topic } from '../topics.ts'
import { type Acl, aclsOf, isAllowed } from './acls.ts'
import type { Quota, User } from './users.ts'

/** The table of users: what each may do in Kafka, what it may not, and how much of it. */
export function usersPage(topics: readonly Topic[], users: readonly User[]): string {
  const acls = aclsOf(topics, users)
  const rows = users.map((user) => {
    const own = acls.filter((acl) => acl.user === user.name)
    const what = identities.find(({ name }: Identity) => name === user.name)?.what ?? ''
    const cells = [`\`${user.name}\``, what, may(own), mayNot(own, user, topics), much(user.quota)]
    return ['', ...cells, ''].join(' | ').trim()
  })
  return `<!-- Generated from contracts/topics.yaml and contracts/users.yaml by \`npm run contracts -- generate\`. Do not edit. -->

# Users of Kafka

Nobody is let in without a login, and a right that is not here is refused. \`admin\` may do everything, so it is what a person is
who changes the system, and no service. \`broker\` is Kafka itself, on listeners of its own.

| user | what it is | may | may not | a second |
|---|---|---|---|---|
${rows.join('\n')}

\`*\` stands for any rest of a name. The last column is the quota: bytes written, bytes read, and the share of a broker's threads,
of which 100 % is one. Beyond it the broker answers later. Why it is so, and how each part logs in: ADR 0049.
`
}

const order: readonly Acl['operation'][] = [
  'read',
  'write',
  'create',
  'alter',
  'delete',
  'describe',
]

function may(acls: readonly Acl[]): string {
  if (acls.length === 0) return 'nothing yet'
  const lines = [...Map.groupBy(acls, sentenceOf)].toSorted(
    ([, [one]], [, [other]]) => placeOf(one) - placeOf(other),
  )
  return lines.map(([does, own]) => `${does} ${own.map(nameOf).join(', ')}`).join('<br>')
}

const placeOf = (acl: Acl | undefined) =>
  acl === undefined
    ? order.length
    : (order.indexOf(acl.operation) + order.length + 1) % (order.length + 1)

function sentenceOf({ resource, operation }: Acl): string {
  if (resource === 'group') return operation === 'read' ? 'commit in group' : `${operation} group`
  if (resource === 'transactional-id') return 'write in transactions'
  return resource === 'cluster' ? `${operation} of` : operation
}

const nameOf = ({ name, pattern, resource }: Acl) => {
  if (resource === 'cluster') return 'the brokers'
  return name === '*' ? 'any' : `\`${name}${pattern === 'prefixed' ? '*' : ''}\``
}

/** The domains of which it may read nothing, and of which it may write nothing: dead letters aside. */
function mayNot(acls: readonly Acl[], { name: user }: User, topics: readonly Topic[]): string {
  const domains = Map.groupBy(topics, ({ name }) => `${name.split('.')[0]}.*`)
  const without = (operation: 'read' | 'write') =>
    [...domains]
      .filter(([, own]) =>
        own.every(({ name }) => !isAllowed(acls, { user, resource: 'topic', name, operation })),
      )
      .map(([domain]) => `\`${domain}\``)
  return (['read', 'write'] as const)
    .map((operation) => [operation, without(operation)] as const)
    .filter(([, names]) => names.length > 0)
    .map(
      ([operation, names]) =>
        `${operation} ${names.length === domains.size ? 'any' : names.join(', ')}`,
    )
    .join('<br>')
}

function much({ producerBytesPerSecond, consumerBytesPerSecond, requestPercent }: Quota): string {
  const megabytes = (bytes: number) => `${bytes / 1_000_000} MB`
  return `${megabytes(producerBytesPerSecond)}, ${megabytes(consumerBytesPerSecond)}, ${requestPercent} %`
}
