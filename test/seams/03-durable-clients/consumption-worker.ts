import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Consumption, commitAfterEffect } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { commitOnReceipt } from '../../faults/kafka/commit-on-receipt.ts'
import { openKafka } from '../../support/login.ts'

/** A process that reports the effect of each record of a topic, and may kill itself before a given effect. */
export type ConsumptionTask = {
  readonly brokers: string
  readonly groupId: string
  readonly topic: string
  readonly commit: keyof typeof commits
  readonly killedBefore?: string
}

const commits = { 'after-effect': commitAfterEffect, 'on-receipt': commitOnReceipt } as const

async function work(task: ConsumptionTask): Promise<void> {
  const { groupId, topic } = task
  const commitOffset = commits[task.commit]
  const kafka = openKafka({ brokers: task.brokers, clientId: 'test-consumption' })
  const tell = (event: string, context: object = {}) =>
    void process.stdout.write(`${JSON.stringify({ event, ...context })}\n`)
  const deadLetters = new DeadLetters(kafka)
  const consumption = new Consumption({
    ...{ kafka, groupId, topics: [topic], commitOffset, deadLetters },
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
