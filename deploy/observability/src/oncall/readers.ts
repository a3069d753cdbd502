import type { Acl } from '@tenseams/contracts/rights/acls'
import type { Topic } from '@tenseams/contracts/topics'
import type { GroupPosition, GroupState } from '@tenseams/kafka/groups/group-offsets'

/** A group that has committed offsets of the topic, or whose members read it now. */
export type ReadingGroup = GroupState & { readonly positions: readonly GroupPosition[] }

/** Who may read and write a topic by the declarations, and who does. */
export function readerLines(
  topic: string,
  {
    declared,
    acls,
    groups,
  }: {
    /** Undefined for a topic without a contract, such as one that Debezium makes. */
    readonly declared: Topic | undefined
    readonly acls: readonly Acl[]
    readonly groups: readonly ReadingGroup[]
  },
): readonly string[] {
  const users = (operation: 'read' | 'write') =>
    acls
      .filter((acl) => acl.resource === 'topic' && acl.operation === operation)
      .filter((acl) => isAbout(acl, topic))
      .map(({ user }) => user)
  return [
    ...(declared === undefined
      ? [`${topic} is not in contracts/topics.yaml`]
      : [`owner  ${declared.owner}`, `consumers  ${listed(declared.consumers)}`]),
    `may write  ${listed(users('write'))}`,
    `may read  ${listed(users('read'))}`,
    ...(groups.length === 0 ? ['groups  none has committed an offset'] : groups.map(groupLine)),
  ]
}

function isAbout({ name, pattern }: Acl, topic: string): boolean {
  if (pattern === 'literal') return name === topic || name === '*'
  return topic.startsWith(name)
}

function groupLine({ group, state, members, positions }: ReadingGroup): string {
  const lag = positions.reduce(
    (sum, { committed, first, end }) => sum + end - (committed ?? first),
    0n,
  )
  return `group ${group}  ${state}  lag ${lag}  ${members.length === 0 ? 'no member' : `members ${listed(members)}`}`
}

const listed = (names: readonly string[]) =>
  names.length === 0 ? 'nobody' : [...new Set(names)].toSorted().join(', ')
