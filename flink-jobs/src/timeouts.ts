import { openKafka } from '@tenseams/kafka/client'
import kafkajs from 'kafkajs'
import { JobError } from './errors.ts'
import type { Script } from './script.ts'

/** What a job may go through while a transaction of its sinks is open, in milliseconds. */
export type Timeouts = {
  readonly checkpointIntervalMs: number
  readonly checkpointTimeoutMs: number
  /** Checkpoints that may fail one after another before the job is started again. */
  readonly toleratedFailures: number
  /** Until a TaskManager that was killed is missed. */
  readonly heartbeatTimeoutMs: number
  /** Between two attempts to start again. */
  readonly longestBackoffMs: number
  /** From an attempt until all tasks run with their state. */
  readonly startMs: number
  readonly transactionTimeoutMs: number
}

/**
 * Those of every job of the house. The transaction's must outlive every outage of Flink, because what was pre-committed in a
 * transaction that times out is lost. It is the broker's upper limit, too, and holds no restarted run back: the pooling
 * strategy lists the open transactions of its prefix when it starts and aborts those that no checkpoint knows.
 */
export const timeouts = {
  checkpointTimeoutMs: 120_000,
  toleratedFailures: 4,
  // Flink's own; the native stack misses a TaskManager sooner.
  heartbeatTimeoutMs: 50_000,
  longestBackoffMs: 10_000,
  startMs: 120_000,
  transactionTimeoutMs: 900_000,
} as const satisfies Omit<Timeouts, 'checkpointIntervalMs'>

/** How long a transaction may have to stay open: all tolerated failures in a row, the last begun, then a restart. */
export function longestTransactionMs(given: Timeouts): number {
  const { checkpointIntervalMs, checkpointTimeoutMs, toleratedFailures } = given
  const checkpoints = (toleratedFailures + 1) * (checkpointIntervalMs + checkpointTimeoutMs)
  return checkpoints + given.heartbeatTimeoutMs + given.longestBackoffMs + given.startMs
}

/** @throws JobError with each bound that is violated, and what to change. Nothing was started then. */
export function assertTimeoutsFit(given: Timeouts, brokerLongestMs: number): void {
  const { transactionTimeoutMs: timeout } = given
  const needed = longestTransactionMs(given)
  const wrong = [
    ...(timeout > needed
      ? []
      : [
          `transaction.timeout.ms is ${timeout}, but with a checkpoint every ${given.checkpointIntervalMs} ms a ` +
            `transaction may be open for ${needed} ms; what is pre-committed in one that times out is lost: ` +
            'take a shorter checkpoint interval',
        ]),
    ...(timeout <= brokerLongestMs
      ? []
      : [
          `transaction.timeout.ms is ${timeout}, but the broker allows ${brokerLongestMs}: ` +
            'raise its transaction.max.timeout.ms',
        ]),
  ]
  if (wrong.length > 0) throw new JobError(wrong.join('\n'))
}

/**
 * Asks the broker, and checks a script's checkpoint interval with it.
 *
 * @throws JobError as `assertTimeoutsFit`. Nothing was started then.
 */
export async function assertScriptFits({ settings }: Script, brokers: string): Promise<void> {
  const checkpointIntervalMs = checkpointIntervalOf(settings)
  assertTimeoutsFit(
    { ...timeouts, checkpointIntervalMs },
    await brokerLongestTransactionMs(brokers),
  )
}

/** In milliseconds, as `script.ts` has written it. */
export function checkpointIntervalOf(settings: Script['settings']): number {
  return Number.parseInt(settings['execution.checkpointing.interval'] ?? '', 10)
}

/** The broker's `transaction.max.timeout.ms`, asked of one node of the cluster. @throws JobError when it does not say. */
export async function brokerLongestTransactionMs(brokers: string): Promise<number> {
  const admin = openKafka({ brokers, clientId: 'flink-jobs' }).admin()
  await admin.connect()
  try {
    const { brokers: nodes } = await admin.describeCluster()
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: nodes.slice(0, 1).map(({ nodeId }) => ({
        type: kafkajs.ConfigResourceTypes.BROKER,
        name: String(nodeId),
        configNames: ['transaction.max.timeout.ms'],
      })),
    })
    const value = Number(resources[0]?.configEntries[0]?.configValue)
    if (Number.isInteger(value) && value > 0) return value
    throw new JobError('the broker does not say its transaction.max.timeout.ms')
  } finally {
    await admin.disconnect()
  }
}
