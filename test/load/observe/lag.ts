import { serviceComponents } from '@tenseams/local/parts/services'
import type { Admin } from 'kafkajs'

/** Of each partition, by topic. */
export type OffsetsByTopic = ReadonlyMap<string, ReadonlyMap<number, bigint>>

/**
 * How many offsets a group is behind the ends of its partitions. Markers of transactions have offsets, too, so a group that
 * has read everything may be a few behind. A partition in which it has committed nothing says nothing (Kafka answers -1).
 */
export function lagOf(committed: OffsetsByTopic, ends: OffsetsByTopic): number {
  let lag = 0n
  for (const [topic, partitions] of committed) {
    for (const [partition, offset] of partitions) {
      const end = ends.get(topic)?.get(partition)
      if (offset >= 0n && end !== undefined && end > offset) lag += end - offset
    }
  }
  return Number(lag)
}

/** Lag by group. */
export type Lag = Readonly<Record<string, number>>

const owners = ['flink', ...serviceComponents.map(({ name }) => name)]

/** Whether the group is of a service or of a Flink job. That of a test that is over would fall behind for ever. */
export function isOfSystem(group: string): boolean {
  return owners.some((owner) => group === owner || group.startsWith(`${owner}-`))
}

/** Reads the lag of every group of the system that has committed offsets. */
export class LagReader {
  readonly #admin: Admin

  constructor(admin: Admin) {
    this.#admin = admin
  }

  async read(): Promise<Lag> {
    const { groups } = await this.#admin.listGroups()
    const ours = groups.map(({ groupId }) => groupId).filter(isOfSystem)
    const committed = await Promise.all(
      ours.map(async (group) => [group, await this.#committedBy(group)] as const),
    )
    const topics = new Set(committed.flatMap(([, offsets]) => [...offsets.keys()]))
    const ends = new Map(
      await Promise.all(
        [...topics].map(async (topic) => [topic, await this.#endsOf(topic)] as const),
      ),
    )
    const known = committed.filter(([, offsets]) => offsets.size > 0)
    return Object.fromEntries(known.map(([group, offsets]) => [group, lagOf(offsets, ends)]))
  }

  async #committedBy(groupId: string): Promise<OffsetsByTopic> {
    const topics = await this.#admin.fetchOffsets({ groupId })
    return new Map(topics.map(({ topic, partitions }) => [topic, offsetsOf(partitions)]))
  }

  async #endsOf(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const partitions = await this.#admin.fetchTopicOffsets(topic)
    return offsetsOf(partitions.map(({ partition, high }) => ({ partition, offset: high })))
  }
}

type PartitionOffset = { readonly partition: number; readonly offset: string }

function offsetsOf(partitions: readonly PartitionOffset[]): ReadonlyMap<number, bigint> {
  return new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
}
