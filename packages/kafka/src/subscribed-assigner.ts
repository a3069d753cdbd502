import kafkajs, { type Cluster, type PartitionAssigner } from 'kafkajs'

/** A member of a group and what it reads. */
export type Subscriber = { readonly memberId: string; readonly topics: readonly string[] }

export type PartitionsOf = ReadonlyMap<string, readonly number[]>

/** The partitions of each member, by topic. */
export type Assignments = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>

/**
 * Assigns the partitions of each topic to the members that subscribe to it, each to the one that has fewest so far.
 * Deterministic: the same members and topics give the same assignment, whichever member computes it.
 */
export function planAssignments(
  subscribers: readonly Subscriber[],
  partitionsOf: PartitionsOf,
): Assignments {
  const sorted = subscribers.toSorted((left, right) => (left.memberId < right.memberId ? -1 : 1))
  const assigned = new Map(
    sorted.map(({ memberId }) => [memberId, {} as Record<string, readonly number[]>]),
  )
  const counts = new Map(sorted.map(({ memberId }) => [memberId, 0]))
  for (const [topic, partitions] of [...partitionsOf].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const readers = sorted.filter(({ topics }) => topics.includes(topic))
    for (const partition of partitions.toSorted((left, right) => left - right)) {
      const reader = leastOf(readers, counts)
      const own = reader && assigned.get(reader.memberId)
      if (reader === undefined || own === undefined) continue
      own[topic] = [...(own[topic] ?? []), partition]
      counts.set(reader.memberId, (counts.get(reader.memberId) ?? 0) + 1)
    }
  }
  return assigned
}

function leastOf(
  readers: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
): Subscriber | undefined {
  const countOf = ({ memberId }: Subscriber) => counts.get(memberId) ?? 0
  return readers.reduce<Subscriber | undefined>(
    (least, reader) => (least === undefined || countOf(reader) < countOf(least) ? reader : least),
    undefined,
  )
}

// kafkajs's types lack a method that its own assigner uses.
type AssigningCluster = Cluster & {
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
}

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
const VERSION = 0

/**
 * kafkajs's own assigner gives the leader's topics to all members, also to those that do not read them: such partitions
 * are read by nobody, and topics of other members are not assigned at all. This one looks at what each member subscribes
 * to. It has the name of kafkajs's own, so that the members of a running group can be replaced one by one.
 */
export const bySubscription: PartitionAssigner = ({ cluster }) => ({
  name: 'RoundRobinAssigner',
  version: VERSION,
  assign: async ({ members }) => {
    const subscribers = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }))
    const topics = [...new Set(subscribers.flatMap((subscriber) => subscriber.topics))]
    await (cluster as AssigningCluster).addMultipleTargetTopics(topics)
    const partitionsOf = new Map(topics.map((topic) => [topic, partitionIds(cluster, topic)]))
    return [...planAssignments(subscribers, partitionsOf)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: VERSION,
        assignment: mutable(assignment),
        userData: Buffer.alloc(0),
      }),
    }))
  },
  protocol: ({ topics }) => ({
    name: 'RoundRobinAssigner',
    metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
  }),
})

function partitionIds(cluster: Cluster, topic: string): readonly number[] {
  return cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
}

function mutable(assignment: Readonly<Record<string, readonly number[]>>) {
  return Object.fromEntries(
    Object.entries(assignment).map(([topic, partitions]) => [topic, [...partitions]]),
  )
}
