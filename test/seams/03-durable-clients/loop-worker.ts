import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { openProducer, type TakeOver } from '@tenseams/kafka/ownership'
import type { LoopStep } from '@tenseams/kafka/partition-owner'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { openKafka } from '../../support/login.ts'

/**
 * A process that copies a topic with the transactional loop. It can pause or kill itself at a step of one of its
 * transactions, and run without the fencing takeover: then each process has transactional ids of its own, fences no other
 * one, and trusts the position that it got from the group.
 */
export type LoopTask = {
  readonly brokers: string
  readonly groupId: string
  readonly input: string
  readonly output: string
  readonly worker: string
  readonly guarded: boolean
  readonly end?: {
    readonly signal: 'SIGSTOP' | 'SIGKILL'
    readonly step: LoopStep
    readonly transaction: number
  }
}

const SESSION_TIMEOUT_MS = 6_000
/** Longer than the test, so that the fence ends a transaction, not the broker's timeout. */
const TRANSACTION_TIMEOUT_MS = 60_000

async function work(task: LoopTask): Promise<void> {
  const kafka = openKafka({ brokers: task.brokers, clientId: task.worker })
  const tell = (event: string, context: object = {}) =>
    void process.stdout.write(`${JSON.stringify({ event, ...context })}\n`)
  const unguarded: TakeOver = async ({ partition }) => {
    const options = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
    const id = `${task.groupId}-${task.worker}-${partition}`
    return { producer: await openProducer(options, id), committed: undefined }
  }
  const steps = new Map<LoopStep, number>()
  const metrics = openMetrics(task.worker)
  const loop = new TransactionalLoop({
    kafka,
    groupId: task.groupId,
    topics: [task.input],
    transform: ({ value, partition, offset }) => [
      { topic: task.output, key: `${partition}-${offset}`, value },
    ],
    metrics,
    log: {
      info: (_, message) => tell(message),
      warn: (context, message) => tell(message, { ...context, err: String(Object(context).err) }),
    },
    bounds: { maxRecords: 50 },
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    ...(!task.guarded && { takeOver: unguarded }),
    onStep: async (step, { partition }) => {
      const count = (steps.get(step) ?? 0) + 1
      steps.set(step, count)
      if (step === 'committed') tell('committed', { partition })
      if (task.end?.step !== step || task.end.transaction !== count) return
      tell('ending', { partition, committed: steps.get('committed') ?? 0 })
      process.kill(process.pid, task.end.signal)
      // The signal arrives a moment later; the transaction must not continue before.
      await delay(50)
      tell('resumed', { partition })
    },
  })
  loop.start()
  await once(process, 'SIGTERM')
  await loop.close()
  tell('closed')
}

await work(JSON.parse(process.argv[2] ?? '') as LoopTask)
