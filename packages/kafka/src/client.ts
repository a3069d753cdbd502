import { type ISocketFactory, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { type LoginSource, loginIn } from './access/login.ts'
import { keepCoordinators } from './connection/coordinators.ts'
import { loginAgain, saslFrom } from './connection/login-again.ts'
import { quietTimers } from './connection/quiet-timers.ts'
import { shortenFetchesWhilePaused } from './connection/short-fetch.ts'
import { readFetchesOurselves } from './fetch/response.ts'

export type KafkaConnection = {
  /** `host:port`, separated by commas. */
  readonly brokers: string
  /** Identifies the client in the broker's logs. Rights and quotas belong to its user. */
  readonly clientId: string
  /** The file of the identity that logs in. Without it the client is anonymous, which our brokers refuse. */
  readonly credentialsFile: string | undefined
  /** For each request; 15 s when left out. */
  readonly requestTimeoutMs?: number
  /** Makes the connections instead of kafkajs, so that a test can put a proxy between client and broker. */
  readonly socketFactory?: ISocketFactory
}

/** How a client of Kafka reaches the brokers, and as whom. */
export type KafkaAccess = Pick<KafkaConnection, 'brokers' | 'credentialsFile'>

/** The access that a service's settings name. */
export function kafkaAccess(settings: {
  readonly KAFKA_BROKERS: string
  readonly CREDENTIALS_FILE: string
}): KafkaAccess {
  return { brokers: settings.KAFKA_BROKERS, credentialsFile: settings.CREDENTIALS_FILE }
}

/**
 * Makes every kafkajs client of the repository, so that addresses, timeouts, retries and security are the same everywhere. A
 * consumer that has lost its broker reconnects without limit; a single request fails after its own bound, so that the caller
 * can report it. Its file of credentials is read again for each connection.
 */
export function openKafka(connection: KafkaConnection): Kafka {
  readFetchesOurselves()
  quietTimers()
  keepCoordinators()
  shortenFetchesWhilePaused()
  loginAgain()
  const { credentialsFile } = connection
  return new Kafka({
    clientId: connection.clientId,
    brokers: connection.brokers.split(','),
    ...(connection.socketFactory && { socketFactory: connection.socketFactory }),
    ...(credentialsFile !== undefined && { sasl: saslOf(loginIn(credentialsFile)) }),
    connectionTimeout: 3_000,
    requestTimeout: connection.requestTimeoutMs ?? 15_000,
    enforceRequestTimeout: true,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
  })
}

function saslOf(source: LoginSource): NonNullable<KafkaConfig['sasl']> {
  // kafkajs hands the object on as it is, with our property.
  return saslFrom(source) as NonNullable<KafkaConfig['sasl']>
}
