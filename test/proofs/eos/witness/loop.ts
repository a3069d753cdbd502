import { once } from 'node:events'
import { openKafka } from '@tenseams/kafka/client'
import { fencingTakeover, openProducer, type TakeOver } from '@tenseams/kafka/ownership'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { HistoryRecorder } from '../../../history/recorder.ts'
import { clientOf, recordingTakeOver } from './recording.ts'
import { effectOf, WITNESS_GROUP, WITNESS_INPUT, WITNESS_OUTPUT, type WitnessTask } from './task.ts'

/** Far beyond a zombie's rest, so that it is the guard, not the broker's patience, that ends a transaction. */
const TRANSACTION_TIMEOUT_MS = 120_000

/** A process that makes one effect of each record by the house's transactional loop, and records what it did. */
async function work({ brokers, worker, historyFile, guarded }: WitnessTask): Promise<void> {
  const kafka = openKafka({ brokers, clientId: worker })
  const recorder = new HistoryRecorder(historyFile)
  const opening = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
  const unguarded: TakeOver = async ({ partition }) => ({
    producer: await openProducer(opening, `${worker}-${partition}`),
    committed: undefined,
  })
  let effects = 0
  const loop = new TransactionalLoop({
    kafka,
    groupId: WITNESS_GROUP,
    topics: [WITNESS_INPUT],
    takeOver: recordingTakeOver(recorder, worker, guarded ? fencingTakeover(opening) : unguarded),
    transform: ({ topic, partition, offset, value }) => {
      const cause = String(value)
      const record = { topic, partition, offset: BigInt(offset), value: cause }
      recorder.note(clientOf(worker, partition), { kind: 'poll', positions: [], records: [record] })
      effects += 1
      const effect = effectOf(cause, `${worker} ${process.pid} ${effects}`)
      return [{ topic: WITNESS_OUTPUT, partition, key: cause, value: effect }]
    },
    metrics: openMetrics(worker),
    log: { info: () => undefined, warn: () => undefined },
  })
  loop.start()
  await once(process, 'SIGTERM')
  await loop.close()
  recorder.close()
}

await work(JSON.parse(process.argv[2] ?? '') as WitnessTask)
