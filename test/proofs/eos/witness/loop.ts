import { once } from 'node:events'
import { fencingTakeover, openProducer, type TakeOver } from '@tenseams/kafka/ownership'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { HistoryRecorder } from '../../../history/recorder.ts'
import { openKafka } from '../../../support/login.ts'
import { clientOf, recordingTakeOver } from './recording.ts'
import { effectOf, WITNESS_GROUP, WITNESS_INPUT, WITNESS_OUTPUT, type WitnessTask } from './task.ts'

/** Far longer than a zombie's pause, so that the guard ends a transaction and not the broker's timeout. */
const TRANSACTION_TIMEOUT_MS = 120_000

/** A process that gives each record one effect by our transactional loop, and records what it did. */
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
