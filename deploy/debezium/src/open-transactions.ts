import { type KafkaAccess, openKafka } from '@tenseams/kafka/client'
import { openFencedProducer } from '@tenseams/kafka/ownership'
import { connectors } from './connectors.ts'

/** Of the empty transaction that aborts the dead worker's. */
const TRANSACTION_TIMEOUT_MS = 60_000

export type DeadWorker = KafkaAccess & {
  /** Connect's `group.id`. */
  readonly groupId: string
}

/**
 * Aborts the transactions that a killed Connect worker left open, so that the next worker does not wait for them. Must only be
 * called while no worker of the group runs: a running one would be fenced.
 *
 * A task commits its offsets in its transaction. A starting worker reads the topic of offsets to its last committed end
 * before it starts the tasks that would fence the dead ones (KIP-618), so it waits until the transaction times out: up to
 * 70 seconds with a timeout of 60 and a broker that checks every 10. Requesting a producer id for the same transactional id
 * aborts the open transaction at once (KIP-98).
 *
 * Nothing is lost: these transactions cannot be committed any more. After a crash in the middle, or when the broker does not
 * answer, the timeout ends the rest.
 */
export async function endOpenTransactions({ groupId, ...access }: DeadWorker): Promise<void> {
  const kafka = openKafka({ ...access, clientId: 'connect-fence' })
  await Promise.all(
    transactionalIds(groupId).map(async (transactionalId) => {
      const options = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
      const { producer } = await openFencedProducer(options, transactionalId, async () => undefined)
      await producer.disconnect()
    }),
  )
}

/** The ids that Connect uses: that of its leader, which writes configurations, and one for each connector's only task. */
function transactionalIds(groupId: string): readonly string[] {
  return [`connect-cluster-${groupId}`, ...connectors.map((name) => `${groupId}-${name}-0`)]
}
