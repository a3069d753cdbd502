import { configurationOf } from '@tenseams/debezium/connectors'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

/** A connector for the bench's own table of events. Each has a slot, a publication and topics of its own. */
export type Contestant = {
  readonly name: string
  readonly says: string
  readonly configuration: Readonly<Record<string, string>>
  readonly topic: string
}

export const TABLE = 'bench.events'
const ROUTED_TO = 'events'
/** Among the topics that Connect may write to. */
const TOPICS = 'cdc.shop.bench'

/** The settings of deploy/debezium/outbox.json that are for speed; the others are required or keep a promise. */
const tuned = ['poll.interval.ms', 'max.batch.size', 'max.queue.size', 'transaction.boundary']

/** Debezium's own, in place of ours that gathers. */
const untunedClass = { 'connector.class': 'io.debezium.connector.postgresql.PostgresConnector' }

/** The worker's producer settings at the defaults of Kafka's clients. */
const defaultProducer = {
  'producer.override.linger.ms': '0',
  'producer.override.batch.size': '16384',
  'producer.override.compression.type': 'none',
}

const wide = {
  'max.batch.size': '20480',
  'max.queue.size': '81920',
  'transaction.boundary': 'interval',
  'transaction.boundary.interval.ms': '100',
}

/** The same router with three sets of settings, exactly once in all of them. */
export async function contestantsOf(stack: Stack): Promise<readonly Contestant[]> {
  const { endpoints, ports } = stack.context
  const ours = await configurationOf('outbox', {
    ...endpoints,
    registryUrl: `http://127.0.0.1:${ports.registry}`,
  })
  const untuned = Object.fromEntries(
    Object.entries(ours).filter(([setting]) => !tuned.includes(setting)),
  )
  return [
    contestant('default', 'Debezium’s and Kafka’s defaults', {
      ...untuned,
      ...untunedClass,
      ...defaultProducer,
    }),
    contestant('ours', 'deploy/debezium/outbox.json', ours),
    contestant('wide', 'ours with larger batches and a transaction each 100 ms', {
      ...ours,
      ...untunedClass,
      ...wide,
    }),
  ]
}

function contestant(
  name: string,
  says: string,
  configuration: Readonly<Record<string, string>>,
): Contestant {
  const own = `bench_${name}`
  const topics = `${TOPICS}.${name}`
  return {
    ...{ name, says, topic: `${topics}.${ROUTED_TO}` },
    configuration: {
      ...configuration,
      'topic.prefix': topics,
      'slot.name': own,
      'publication.name': own,
      'table.include.list': TABLE,
      'predicates.isEvents.pattern': `${topics}.bench.events`.replaceAll('.', '\\.'),
      'transforms.outbox.route.topic.replacement': `${topics}.\${routedByValue}`,
    },
  }
}

/** Inserts rows of one topic, some in each transaction. */
export const INSERT = `insert into ${TABLE} (event_id, stream_id, version, type, topic, payload)
  select gen_random_uuid(), 'stream-' || n % 997, n, 'Happened', '${ROUTED_TO}', $2::bytea from generate_series(1, $1) n
  returning event_id`
