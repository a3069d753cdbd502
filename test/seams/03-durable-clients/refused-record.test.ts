import { randomBytes, randomUUID } from 'node:crypto'
import { wantedTopics } from '@tenseams/contracts/publish/broker'
import { readTopic } from '@tenseams/contracts/topics'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { DurableProducer } from '@tenseams/kafka/producer'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { expect, test } from 'vitest'
import { newTopic, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'

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
  await eventually(isWhole, { timeoutMs: 60_000, what: 'all to be written or dead-lettered' })
  await loop.close()
  await reading.close()

  const written = reading.records.filter(({ topic }) => topic === output)
  expect(written.map(({ key }) => key)).toEqual(values.filter((value) => value !== '7'))
  const [deadLetter, ...more] = reading.records.filter(({ topic }) => topic !== output)
  expect(more).toEqual([])
  expect(deadLetter?.headers).toMatchObject({
    'dead-letter-reason': 'refused-by-broker',
    'dead-letter-offset': '7',
    'dead-letter-stack': expect.stringContaining('RefusedByBrokerError'),
  })
})

test('a record of the largest size fits into its dead letter topic with the headers that are added', async () => {
  const brokers = (await useStack()).endpoints.kafkaBrokers
  const kafka = openKafka({ brokers, clientId: 'test' })
  const name = `large-${randomUUID().slice(0, 8)}`
  const promised = { ...readTopic('orders.order.v1'), name, deadLetter: deadLetterTopicOf(name) }
  const admin = kafka.admin()
  await admin.connect()
  for (const topic of wantedTopics([promised])) await newTopic(admin, topic.name, 1, topic.configs)
  await admin.disconnect()
  const value = randomBytes(1_048_000)
  const producer = new DurableProducer({ kafka })
  await producer.send(name, [{ value }, { value: 'small' }])
  await producer.close()

  const deadLetters = new DeadLetters(kafka)
  const consumption = new Consumption({
    ...{ kafka, groupId: name, topics: [name], metrics: openMetrics('test'), deadLetters },
    handle: () => Promise.reject(Object.assign(new Error('no use'), { retriable: false })),
    log: { info: () => undefined, warn: () => undefined },
  })
  const reading = await readTopics(brokers, [promised.deadLetter])
  consumption.start()
  const areThere = () => reading.records.length >= 2
  await eventually(areThere, { timeoutMs: 60_000, what: 'both records to be dead-lettered' })
  await consumption.close()
  await deadLetters.close()
  await reading.close()
  expect(reading.records[0]?.value?.equals(value)).toBe(true)
  expect(reading.records.map(({ offset }) => offset)).toEqual(['0', '1'])
})
