import { openKafka } from '@tenseams/kafka/client'
import { openFencedProducer } from '@tenseams/kafka/ownership'
import { connectors } from './connectors.ts'

/** Of the empty transaction by which the dead worker's is ended. */
const TRANSACTION_TIMEOUT_MS = 60_000

export type DeadWorker = {
  readonly brokers: string
  /** Connect's `group.id`. */
  readonly groupId: string
}

/**
 * Ends what a killed worker has left open, so that the next one need not wait for it. Only while no worker of the group
 * runs: a living one would be fenced.
 *
 * A task commits its offsets in its transaction, and a worker that starts reads the topic of offsets to its last
 * committed end before it starts the tasks that would fence the dead ones (KIP-618). So it stands still until the
 * transaction times out: up to 70 seconds with the timeout of 60 and a broker that looks every 10. Whoever asks for a
 * producer id under the same transactional id aborts the open transaction at once (KIP-98).
 *
 * Nothing is lost by it: the transaction could not be committed any more. A crash in its middle leaves the rest to the
 * timeout, as does a broker that does not answer.
 */
export async function endOpenTransactions({ brokers, groupId }: DeadWorker): Promise<void> {
  const kafka = openKafka({ brokers, clientId: 'connect-fence' })
  await Promise.all(
    transactionalIds(groupId).map(async (transactionalId) => {
      const options = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
      const { producer } = await openFencedProducer(options, transactionalId, async () => undefined)
      await producer.disconnect()
    }),
  )
}

/** As Connect names them: its leader's, which writes configurations, and one for each connector's only task. */
function transactionalIds(groupId: string): readonly string[] {
  return [`connect-cluster-${groupId}`, ...connectors.map((name) => `${groupId}-${name}-0`)]
}
