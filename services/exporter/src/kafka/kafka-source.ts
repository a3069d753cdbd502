import { readUsers } from '@tenseams/contracts/rights/users'
import { readTopics } from '@tenseams/contracts/topics'
import { oneOf, type Sample, type Source } from '../source.ts'
import { firstRecordFrom } from './first-record.ts'
import { declaredGroups, watchedGroups } from './groups.ts'
import { Lags, type Position } from './lag.ts'
import { type Ends, type FoundPartition, type LogClient, nameOf } from './log-client.ts'

const states = [
  ...(['stable', 'empty', 'dead', 'preparing-rebalance'] as const),
  ...(['completing-rebalance', 'unknown'] as const),
]

/** Each connector captures the heartbeats that it writes to Postgres every 5 s: its topic is silent only when capture is. */
const heartbeatsOf: Readonly<Record<string, string>> = {
  outbox: 'outbox.cdc.heartbeat',
  cdc: 'cdc.shop.cdc.heartbeat',
}

/** Kafka's topics and groups. A consumer that shows its own lag says nothing when it is dead. */
export function kafkaSource(client: LogClient): Source {
  const topics = readTopics().map(({ name }) => name)
  const declared = declaredGroups(readUsers())
  let partitions: ReadonlyMap<string, FoundPartition> = new Map()
  const lags = new Lags(async (partition, offset) => {
    const found = partitions.get(nameOf(partition))
    if (found === undefined) throw new Error(`${nameOf(partition)} is not there`)
    const fetched = await client.fetch(found, offset)
    return firstRecordFrom(offset, fetched?.records ?? [], fetched?.abortedTransactions ?? null)
  })
  return {
    name: 'kafka',
    gauges: [
      'tenseams_consumer_lag_records',
      'tenseams_consumer_lag_seconds',
      'tenseams_consumer_committed_offset',
      'tenseams_consumer_group_state',
      'tenseams_consumer_group_members',
      'tenseams_kafka_high_watermark',
      'tenseams_kafka_last_stable_offset',
      'tenseams_capture_last_event_timestamp_seconds',
    ],
    keptMs: 0,
    ask: async () => {
      const found = await client.partitionsOf(topics)
      partitions = new Map(found.map((each) => [nameOf(each), each]))
      const groups = watchedGroups(declared, await client.groups())
      const [ends, committed, described, beats] = await Promise.all([
        client.endsOf(found),
        client.committedBy(groups),
        client.describe(groups),
        client.newestIn(Object.values(heartbeatsOf)),
      ])
      const positions = committed.flatMap(({ offset, ...place }): readonly Position[] => {
        const end = ends.get(nameOf(place))
        return end === undefined ? [] : [{ ...place, committed: offset, stable: end.stable }]
      })
      lags.keep(positions)
      const groupSamples = await Promise.all(positions.map((each) => lagSamples(each, lags)))
      return [
        ...endSamples(found, ends),
        ...groupSamples.flat(),
        ...described.flatMap(stateSamples),
        ...beatSamples(beats),
      ]
    },
  }
}

function endSamples(
  partitions: readonly FoundPartition[],
  ends: ReadonlyMap<string, Ends>,
): readonly Sample[] {
  return partitions.flatMap(({ topic, partition }): readonly Sample[] => {
    const end = ends.get(nameOf({ topic, partition }))
    if (end === undefined) return []
    const labels = { topic, partition: String(partition) }
    return [
      ['tenseams_kafka_high_watermark', labels, Number(end.high)],
      ['tenseams_kafka_last_stable_offset', labels, Number(end.stable)],
    ]
  })
}

function beatSamples(newest: ReadonlyMap<string, number>): readonly Sample[] {
  return Object.entries(heartbeatsOf).flatMap(([connector, topic]): readonly Sample[] => {
    const ms = newest.get(topic)
    if (ms === undefined) return []
    return [['tenseams_capture_last_event_timestamp_seconds', { connector }, ms / 1_000]]
  })
}

async function lagSamples(position: Position, lags: Lags): Promise<readonly Sample[]> {
  const { group, topic, partition, committed } = position
  const { records, seconds } = await lags.of(position)
  const labels = { group, topic, partition: String(partition) }
  return [
    ['tenseams_consumer_committed_offset', labels, Number(committed)],
    ['tenseams_consumer_lag_records', labels, Number(records)],
    ['tenseams_consumer_lag_seconds', labels, seconds],
  ]
}

function stateSamples({
  group,
  state,
  members,
}: Awaited<ReturnType<LogClient['describe']>>[number]): readonly Sample[] {
  return [
    ['tenseams_consumer_group_members', { group }, members],
    ...oneOf(states, stateOf(state)).map(
      ([each, value]) => ['tenseams_consumer_group_state', { group, state: each }, value] as const,
    ),
  ]
}

/** Brokers write `PreparingRebalance`. */
export function stateOf(state: string): (typeof states)[number] {
  const plain = state.toLowerCase().replaceAll(/[^a-z]/g, '')
  return states.find((known) => known.replaceAll('-', '') === plain) ?? 'unknown'
}
