import kafkajs from 'kafkajs'

/**
 * The partition that Kafka's default partitioner gives a key. Connect's producer, which sends the events, is Java's; kafkajs
 * has the same rule. It looks only at how many partitions there are.
 */
export function partitionOfKey(key: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, leader: -1, partitionErrorCode: 0 },
    ...{ replicas: [], isr: [] },
  }))
  return partitioner({ topic: '', partitionMetadata, message: { key, value: null } })
}

const partitioner = kafkajs.Partitioners.DefaultPartitioner()
