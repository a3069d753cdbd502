import { type ISocketFactory, Kafka, logLevel } from 'kafkajs'
import { hideAbortedRecords } from './aborted.ts'

export type KafkaConnection = {
  /** `host:port`, separated by commas. */
  readonly brokers: string
  /** Says in the broker's logs and quotas who this is. */
  readonly clientId: string
  /** Makes the connections instead of kafkajs; a test stands between client and broker by it. */
  readonly socketFactory?: ISocketFactory
}

/**
 * The one place where a Kafka client is made: addresses, timeouts, retries and (later) security are the same for
 * whoever speaks to the broker. A client that has lost its broker tries again by itself for ever; a single request
 * gives up after its own bound, so that the caller can say so.
 */
export function openKafka(connection: KafkaConnection): Kafka {
  hideAbortedRecords()
  return new Kafka({
    clientId: connection.clientId,
    brokers: connection.brokers.split(','),
    ...(connection.socketFactory && { socketFactory: connection.socketFactory }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    enforceRequestTimeout: true,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
  })
}
