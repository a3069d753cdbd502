import { type ISocketFactory, Kafka, logLevel } from 'kafkajs'
import { keepCoordinators } from './connection/coordinators.ts'
import { quietTimers } from './connection/quiet-timers.ts'
import { shortenFetchesWhilePaused } from './connection/short-fetch.ts'
import { readFetchesOurselves } from './fetch/response.ts'

export type KafkaConnection = {
  /** `host:port`, separated by commas. */
  readonly brokers: string
  /** Identifies the client in the broker's logs and quotas. */
  readonly clientId: string
  /** Makes the connections instead of kafkajs, so that a test can put a proxy between client and broker. */
  readonly socketFactory?: ISocketFactory
}

/**
 * Makes every Kafka client of the repository, so that addresses, timeouts, retries and (later) security are the same
 * everywhere. A consumer that has lost its broker reconnects without limit; a single request fails after its own bound,
 * so that the caller can report it.
 */
export function openKafka(connection: KafkaConnection): Kafka {
  readFetchesOurselves()
  quietTimers()
  keepCoordinators()
  shortenFetchesWhilePaused()
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
