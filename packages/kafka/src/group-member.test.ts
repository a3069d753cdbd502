import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { type GroupConsumer, GroupMember, type GroupMemberOptions } from './group-member.ts'

type Listener = (event: { readonly payload: never }) => void

/** A member whose consumer only records its calls. */
function newMember(
  meets: { connect?: () => Promise<void> } = {},
  more: Partial<GroupMemberOptions> = {},
) {
  const calls: string[] = []
  const listeners = new Map<string, Listener>()
  const call = (name: string) => async () => void calls.push(name)
  const consumer: GroupConsumer = {
    on: (name: string, listener: Listener) => {
      listeners.set(name, listener)
    },
    connect: async () => {
      calls.push('connect')
      await meets.connect?.()
    },
    subscribe: call('subscribe'),
    run: call('run'),
    disconnect: call('disconnect'),
    seek: ({ offset }) => void calls.push(`seek ${offset}`),
    pause: ([paused]) => void calls.push(`pause ${paused?.topic}`),
    resume: ([resumed]) => void calls.push(`resume ${resumed?.topic}`),
  }
  const member = new GroupMember({
    ...{ kafka: { consumer: () => consumer }, groupId: 'group', topics: ['topic'] },
    ...{ minBytes: 1, maxWaitMs: 100, handleBatch: async () => undefined },
    log: { info: () => undefined, warn: () => undefined },
    metrics: new Registry(),
    ...more,
  })
  const happens = (name: string, restart = false, payload: object = {}) => {
    const joined = { memberAssignment: { topic: [0, 1] } }
    const told = { error: new Error('broken'), restart, ...joined, ...payload }
    listeners.get(name)?.({ payload: told as never })
  }
  return { member, calls, happens }
}

const begun = ['connect', 'subscribe', 'run']

describe('a member of a group', () => {
  test('counts each join of its group, from zero, so that a storm of rebalances is seen', async () => {
    const metrics = new Registry()
    const { happens } = newMember({}, { metrics })
    const shown = async () => (await metrics.metrics()).split('\n').at(-2)
    expect(await shown()).toBe('tenseams_consumer_rebalances_total{group="group"} 0')
    happens('consumer.group_join')
    happens('consumer.group_join')
    expect(await shown()).toBe('tenseams_consumer_rebalances_total{group="group"} 2')
  })

  test('starts again when kafkajs has given up', async () => {
    const { member, calls, happens } = newMember()
    member.start()
    await expect.poll(() => calls).toEqual(begun)
    happens('consumer.crash', false)
    await expect.poll(() => calls, { timeout: 5_000 }).toEqual([...begun, ...begun])
  })

  test('leaves the restart to kafkajs when kafkajs restarts by itself', async () => {
    const { member, calls, happens } = newMember()
    member.start()
    await expect.poll(() => calls).toEqual(begun)
    happens('consumer.crash', true)
    happens('consumer.crash', false)
    // If the first crash had restarted it, too, there would be three starts after the second.
    await expect.poll(() => calls.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(6)
    expect(calls).toEqual([...begun, ...begun])
  })

  test('is ready between joining and crashing', () => {
    const { member, happens } = newMember()
    expect(() => member.assertReady()).toThrow('has not been joined')
    happens('consumer.group_join')
    expect(() => member.assertReady()).not.toThrow()
    expect(member.generation).toBe(1)
    happens('consumer.crash', true)
    expect(() => member.assertReady()).toThrow('has not been joined')
  })

  test('gets its assignment before the first fetch of it', () => {
    const seen: unknown[] = []
    const { member, calls, happens } = newMember(
      {},
      {
        onJoined: (assignment) => {
          seen.push(assignment)
          member.pause('topic')
          member.seek('topic', 1, 7n)
        },
      },
    )
    happens('consumer.group_join')
    expect(seen).toEqual([{ topic: [0, 1] }])
    expect(member.assignment).toEqual({ topic: [0, 1] })
    expect(calls).toEqual(['pause topic', 'seek 7'])
  })

  test('neither seeks nor pauses while the group is not joined, since kafkajs would throw', () => {
    const { member, calls, happens } = newMember()
    happens('consumer.group_join')
    happens('consumer.stop')
    member.seek('topic', 0, 7n)
    member.pause('topic')
    member.resume('topic')
    expect(calls).toEqual([])
    expect(member.assignment).toBeUndefined()
  })

  test('reports fetched ranges that hold no record', () => {
    const seen: unknown[] = []
    const { happens } = newMember({}, { onEmpty: (...range) => seen.push(range) })
    const batch = { topic: 'topic', partition: 1, batchSize: 0, firstOffset: '5', lastOffset: '9' }
    happens('consumer.end_batch_process', false, batch)
    happens('consumer.end_batch_process', false, { ...batch, batchSize: 2 })
    happens('consumer.end_batch_process', false, { ...batch, firstOffset: null })
    expect(seen).toEqual([['topic', 1, 5n, 9n]])
  })

  test('that is closed while it starts is disconnected', async () => {
    const connecting = Promise.withResolvers<void>()
    const { member, calls } = newMember({ connect: () => connecting.promise })
    member.start()
    await member.close()
    connecting.resolve()
    await expect
      .poll(() => calls)
      .toEqual(['connect', 'disconnect', ...begun.slice(1), 'disconnect'])
  })
})
