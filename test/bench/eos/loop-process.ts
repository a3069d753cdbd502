import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import type { Consumer, Kafka, RequestEvent } from 'kafkajs'
import { Registry } from 'prom-client'
import { openKafka } from '../../support/login.ts'
import type { LoopFigures, LoopTask, Wish } from './loop.ts'
import { withoutTransactions } from './without-transactions.ts'

/**
 * The process whose CPU is measured: it runs one loop after the other and does nothing else. It lives through the whole
 * bench, so that every turn meets code that has been compiled.
 */

type Running = {
  readonly loop: TransactionalLoop
  readonly metrics: Registry
  readonly requests: Requests
}
type Requests = Map<string, { count: number; waitedMs: number }>

let running: Running | undefined

process.on('message', (wish: Wish) => {
  void answer(wish).then(
    (figures) => process.send?.({ id: wish.id, figures }),
    (error) => process.send?.({ id: wish.id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function answer(wish: Wish): Promise<LoopFigures | undefined> {
  switch (wish.kind) {
    case 'start':
      running = begin(wish.task)
      return undefined
    case 'look':
      return running && look(running)
    case 'stop':
      await running?.loop.close()
      running = undefined
      return undefined
  }
}

function begin(task: LoopTask): Running {
  const requests: Requests = new Map()
  const { kafka, consumer } = watched(task.brokers, requests)
  const metrics = new Registry()
  const { output, partitions, bounds } = task
  const loop = new TransactionalLoop({
    kafka,
    groupId: task.groupId,
    topics: [task.input],
    transform: ({ key, value, offset }) => [
      {
        topic: output,
        key,
        value,
        ...(task.toAllPartitions && { partition: Number(offset) % partitions }),
      },
    ],
    metrics,
    log: {
      info: () => undefined,
      warn: (context, message) => console.error(`  ${message}: ${String(Object(context).err)}`),
    },
    bounds,
    ...(task.side === 'plain' && { takeOver: withoutTransactions(kafka, consumer) }),
  })
  loop.start()
  return { loop, metrics, requests }
}

/** A client whose requests are counted. kafkajs tells of each when its answer is there. */
function watched(
  brokers: string,
  requests: Requests,
): { readonly kafka: Kafka; readonly consumer: () => Consumer } {
  const kafka = openKafka({ brokers, clientId: 'bench-loop' })
  const made = { producer: kafka.producer.bind(kafka), consumer: kafka.consumer.bind(kafka) }
  const note = ({ payload: { apiName, duration } }: RequestEvent) => {
    const so = requests.get(apiName) ?? { count: 0, waitedMs: 0 }
    requests.set(apiName, { count: so.count + 1, waitedMs: so.waitedMs + duration })
  }
  let last: Consumer | undefined
  kafka.producer = (config) => {
    const producer = made.producer(config)
    producer.on(producer.events.REQUEST, note)
    return producer
  }
  kafka.consumer = (config) => {
    last = made.consumer(config)
    last.on(last.events.REQUEST, note)
    return last
  }
  const consumer = () => {
    if (last === undefined) throw new Error('the loop has made no consumer')
    return last
  }
  return { kafka, consumer }
}

async function look({ metrics, requests }: Running): Promise<LoopFigures> {
  const handled = await sumOf(metrics, 'tenseams_consumed_records_total')
  const committed = await sumOf(metrics, 'tenseams_transactions_total', 'committed')
  const all = await sumOf(metrics, 'tenseams_transactions_total')
  return { handled, committed, failed: all - committed, requests: Object.fromEntries(requests) }
}

async function sumOf(metrics: Registry, name: string, outcome?: string): Promise<number> {
  const values = (await metrics.getSingleMetric(name)?.get())?.values ?? []
  return values
    .filter(({ labels }) => outcome === undefined || labels['outcome'] === outcome)
    .reduce((sum, { value }) => sum + value, 0)
}
