import { expect, test } from 'vitest'
import { DeadLetterCounts, deadLetterSource } from './dead-letters.ts'
import type { LogClient } from './kafka/log-client.ts'

const signal = AbortSignal.timeout(60_000)
const headersOf = (reason: string) =>
  new Map([[Buffer.from('dead-letter-reason'), Buffer.from(reason)]])

test('a topic without dead letters is shown at 0', () => {
  expect(new DeadLetterCounts(['orders.order.v1']).samples()).toEqual([
    ['tenseams_dead_letters', { topic: 'orders.order.v1', reason: 'undecodable' }, 0],
  ])
})

test('reasons beyond the bound are counted together', () => {
  const counts = new DeadLetterCounts(['a'])
  for (let reason = 0; reason < 100; reason += 1) counts.add('a', headersOf(`reason-${reason}`))
  counts.add('a', new Map())
  const samples = counts.samples()
  expect(samples.length).toBeLessThanOrEqual(21)
  const sum = samples.reduce((all, [, , count]) => all + count, 0)
  expect(sum).toBe(101)
})

test('each dead letter is read once, whatever the number of scrapes', async () => {
  const log: string[] = ['undecodable', 'typeerror']
  const fetches: bigint[] = []
  const topic = 'orders.order.v1.dead-letter'
  const client: Partial<LogClient> = {
    partitionsOf: async () => [{ topic, partition: 0, id: '', leader: 1 }],
    endsOf: async () =>
      new Map([[`${topic}-0`, { high: BigInt(log.length), stable: BigInt(log.length) }]]),
    fetch: (async (_partition: unknown, from: bigint) => {
      fetches.push(from)
      const reason = log[Number(from)] ?? ''
      const records = [{ offsetDelta: 0, headers: headersOf(reason) }]
      return { logStartOffset: 0n, records: [{ firstOffset: from, lastOffsetDelta: 0, records }] }
    }) as unknown as LogClient['fetch'],
  }
  const source = deadLetterSource(client as LogClient)
  const counted = async () => {
    const samples = await source.ask(signal)
    const own = samples.filter(
      ([, labels]) => 'topic' in labels && labels.topic === 'orders.order.v1',
    )
    return own.map(([, labels, value]) => `${'reason' in labels ? labels.reason : ''} ${value}`)
  }
  expect(await counted()).toEqual(['undecodable 1', 'typeerror 1'])
  expect(await counted()).toEqual(['undecodable 1', 'typeerror 1'])
  log.push('typeerror')
  expect(await counted()).toEqual(['undecodable 1', 'typeerror 2'])
  expect(fetches).toEqual([0n, 1n, 2n])
})
