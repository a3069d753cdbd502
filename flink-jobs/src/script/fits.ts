import { type KafkaAccess, openKafka } from '@tenseams/kafka/client'
import kafkajs from 'kafkajs'
import { JobError } from '../errors.ts'
import type { Script } from './script.ts'
import { assertTimeoutsFit, timeouts } from './timeouts.ts'

/**
 * Checks a script's checkpoint interval against the timeouts and the broker's limit. Call it before the job is started.
 *
 * @throws JobError as `assertTimeoutsFit`.
 */
export async function assertScriptFits(
  { settings }: Script,
  { brokers, credentialsFile }: KafkaAccess,
): Promise<void> {
  const checkpointIntervalMs = checkpointIntervalOf(settings)
  assertTimeoutsFit(
    { ...timeouts, checkpointIntervalMs },
    await brokerLongestTransactionMs({ brokers, credentialsFile }),
  )
}

/** In milliseconds, from the setting that `script.ts` writes. */
export function checkpointIntervalOf(settings: Script['settings']): number {
  return Number.parseInt(settings['execution.checkpointing.interval'] ?? '', 10)
}

/** The `transaction.max.timeout.ms` of one broker of the cluster. @throws JobError when the broker does not return it. */
export async function brokerLongestTransactionMs(access: KafkaAccess): Promise<number> {
  const admin = openKafka({ ...access, clientId: 'flink-jobs' }).admin()
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
    throw new JobError('the broker does not return its transaction.max.timeout.ms')
  } finally {
    await admin.disconnect()
  }
}
