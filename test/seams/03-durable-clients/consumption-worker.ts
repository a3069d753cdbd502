import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { openKafka } from '@tenseams/kafka/client'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { openMetrics } from '@tenseams/telemetry/metrics'

/** A process that tells each record of a topic as its effect, and may kill itself before a certain effect. */
export type ConsumptionTask = {
  readonly brokers: string
  readonly groupId: string
  readonly topic: string
  readonly commit: 'after-effect' | 'on-receipt'
  readonly killedBefore?: string
}

async function work(task: ConsumptionTask): Promise<void> {
  const { groupId, topic, commit } = task
  const kafka = openKafka({ brokers: task.brokers, clientId: 'test-consumption' })
  const tell = (event: string, context: object = {}) =>
    void process.stdout.write(`${JSON.stringify({ event, ...context })}\n`)
  const deadLetters = new DeadLetters(kafka)
  const consumption = new Consumption({
    ...{ kafka, groupId, topics: [topic], commit, deadLetters },
    handle: async ({ value }) => {
      if (String(value) === task.killedBefore) {
        process.kill(process.pid, 'SIGKILL')
        // The signal arrives a moment later; the effect must not happen before.
        await delay(10_000)
      }
      tell('effect', { value: String(value) })
    },
    sessionTimeoutMs: 6_000,
    metrics: openMetrics('test'),
    log: { info: () => undefined, warn: (_, message) => tell(message) },
  })
  consumption.start()
  await once(process, 'SIGTERM')
  await consumption.close()
  tell('closed')
}

await work(JSON.parse(process.argv[2] ?? '') as ConsumptionTask)
