import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { DurableProducer } from '@tenseams/kafka/producer'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { eventually } from '@tenseams/local/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { expect, test } from 'vitest'
import { newTopic, readTopics } from '../kafka.ts'
import { useStack } from '../stack.ts'

test('a record whose output the broker refuses becomes a dead letter, and the others go through once', async () => {
  const brokers = (await useStack()).endpoints.kafkaBrokers
  const kafka = openKafka({ brokers, clientId: 'test' })
  const id = randomUUID().slice(0, 8)
  const [input, output] = [`refused-in-${id}`, `refused-out-${id}`]
  const admin = kafka.admin()
  await admin.connect()
  await newTopic(admin, input)
  await newTopic(admin, deadLetterTopicOf(input))
  await newTopic(admin, output, 1, { 'max.message.bytes': '1000' })
  await admin.disconnect()
  const producer = new DurableProducer({ kafka })
  const values = Array.from({ length: 20 }, (_, at) => String(at))
  await producer.send(
    input,
    values.map((value) => ({ value })),
  )
  await producer.close()

  const loop = new TransactionalLoop({
    ...{ kafka, groupId: `refused-${id}`, topics: [input], metrics: openMetrics('test') },
    transform: ({ value }) => [
      { topic: output, key: value, value: String(value) === '7' ? 'x'.repeat(2_000) : value },
    ],
    log: { info: () => undefined, warn: () => undefined },
  })
  const reading = await readTopics(brokers, [output, deadLetterTopicOf(input)])
  loop.start()
  const isWhole = () => reading.records.length >= values.length
  await eventually(isWhole, { timeoutMs: 60_000, what: 'all to be written, or written aside' })
  await loop.close()
  await reading.close()

  const written = reading.records.filter(({ topic }) => topic === output)
  expect(written.map(({ key }) => key)).toEqual(values.filter((value) => value !== '7'))
  const [letter, ...more] = reading.records.filter(({ topic }) => topic !== output)
  expect(more).toEqual([])
  expect(letter?.headers).toMatchObject({
    'dead-letter-reason': 'refused-by-broker',
    'dead-letter-offset': '7',
    'dead-letter-stack': expect.stringContaining('RefusedByBrokerError'),
  })
})
