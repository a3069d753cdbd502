import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Encoder } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { openProducer } from '@tenseams/kafka/ownership'
import { discard } from '@tenseams/kafka/producer'
import type { Message, Producer } from 'kafkajs'
import { openKafka } from '../../support/login.ts'
import {
  NUMBER_HEADER,
  type PlannedTransaction,
  type ProofRecord,
  recordOf,
  TOPIC,
  transactionsOf,
} from './records.ts'
import type { Finish, WriterTask, WrittenTransaction } from './task.ts'

const TRANSACTION_TIMEOUT_MS = 30_000

/** A process that writes the records of a seed in transactions, and records the broker's answer to each. */
async function write(task: WriterTask): Promise<void> {
  let finish: Finish | undefined
  process.on('message', (message: Finish) => {
    finish = message
  })
  const kafka = openKafka({ brokers: task.brokers, clientId: 'lake-writer' })
  const open = () =>
    openProducer({ kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }, 'lake-writer')
  const codec = openCodec(task.registryUrl, 10_000)
  const encoder = await codec.encoder<OrderEvent>(TOPIC)
  let producer = await open()
  const begun = performance.now()
  for (const planned of transactionsOf(task.seed)) {
    if (finish !== undefined && planned.first >= finish.records) break
    const dueMs = begun + (planned.first / task.recordsPerSecond) * 1_000
    while (finish === undefined && performance.now() < dueMs) await delay(20)
    const written = await writeOne(producer, encoder, task.seed, planned)
    appendFileSync(task.journalFile, `${JSON.stringify(written)}\n`)
    if (written.outcome !== 'unknown') continue
    // A transaction that may still be open is fenced by the next producer with its id.
    await discard(producer)
    producer = await open()
  }
  await producer.disconnect()
}

async function writeOne(
  producer: Producer,
  encoder: Encoder<OrderEvent>,
  seed: number,
  { first, count, end }: PlannedTransaction,
): Promise<WrittenTransaction> {
  const records = Array.from({ length: count }, (_, index) => recordOf(seed, first + index))
  const offsets: Record<string, string> = {}
  try {
    const transaction = await producer.transaction()
    const messages = records.map((record) => messageOf(record, encoder))
    const told = await transaction.send({ topic: TOPIC, acks: -1, messages })
    for (const { partition, baseOffset } of told) offsets[partition] = baseOffset ?? ''
    await transaction[end]()
    return { first, count, outcome: end === 'commit' ? 'committed' : 'aborted', offsets }
  } catch {
    return { first, count, outcome: 'unknown', offsets }
  }
}

function messageOf(record: ProofRecord, encoder: Encoder<OrderEvent>): Message {
  const { number, partition, kind, event } = record
  return {
    partition,
    key: event.streamId,
    value: kind === 'undecodable' ? Buffer.from('no frame') : encoder.encode(event),
    headers: { [NUMBER_HEADER]: String(number) },
  }
}

await write(JSON.parse(process.argv[2] ?? '') as WriterTask)
process.disconnect?.()
