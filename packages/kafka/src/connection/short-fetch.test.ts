import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { shortenFetchesWhilePaused } from './short-fetch.ts'

type Partitions = { readonly topic: string; readonly partitions?: readonly number[] }

/** A member of kafkajs's that has one partition, and a broker that notes how long it may wait. */
function newMember(maxWaitTime: number) {
  const require = createRequire(import.meta.url)
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup')
  const SubscriptionState = require('kafkajs/src/consumer/subscriptionState')
  shortenFetchesWhilePaused()
  const subscriptionState = new SubscriptionState()
  const assigned = [{ topic: 'in', partitions: [0, 1] }]
  subscriptionState.assign(assigned)
  const waits: number[] = []
  const broker = {
    fetch: async (asked: { readonly maxWaitTime: number }) => {
      waits.push(asked.maxWaitTime)
      return { responses: [] }
    },
  }
  const member = Object.assign(Object.create(ConsumerGroup.prototype), {
    ...{ maxWaitTime, subscriptionState },
    cluster: { refreshMetadataIfNecessary: async () => undefined, findBroker: async () => broker },
    checkForStaleAssignment: () => undefined,
    filterPartitionsByNode: () => assigned,
    seekOffsets: async () => undefined,
    offsetManager: { committedOffsets: () => ({ in: ['0', '0'] }), nextOffset: () => '0' },
  })
  const pause = (paused: Partitions) => subscriptionState.pause([paused])
  const resume = (resumed: Partitions) => subscriptionState.resume([resumed])
  return { fetch: () => member.fetch(1), pause, resume, waits }
}

test('a fetch waits as long as it may, and briefly while a partition is paused', async () => {
  const { fetch, pause, resume, waits } = newMember(1_000)
  await fetch()
  pause({ topic: 'in', partitions: [1] })
  await fetch()
  resume({ topic: 'in', partitions: [1] })
  await fetch()
  expect(waits).toEqual([1_000, 100, 1_000])
})

test('a fetch that waits less anyway is left alone', async () => {
  const { fetch, pause, waits } = newMember(50)
  pause({ topic: 'in', partitions: [1] })
  await fetch()
  expect(waits).toEqual([50])
})
