import { describe, expect, test } from 'vitest'
import { type Crash, type GroupConsumer, GroupMember } from './group-member.ts'

type Listener = (event: Crash) => void

/** A member on a consumer that does nothing but tell what was asked of it. */
function newMember(meets: { connect?: () => Promise<void> } = {}) {
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
    seek: () => undefined,
  }
  const member = new GroupMember({
    ...{ kafka: { consumer: () => consumer }, groupId: 'group', topics: ['topic'] },
    ...{ minBytes: 1, maxWaitMs: 100, handleBatch: async () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  })
  const happens = (name: string, restart = false) =>
    listeners.get(name)?.({ payload: { error: new Error('broken'), restart } })
  return { member, calls, happens }
}

const begun = ['connect', 'subscribe', 'run']

describe('a member of a group', () => {
  test('starts again when kafkajs has given up', async () => {
    const { member, calls, happens } = newMember()
    member.start()
    await expect.poll(() => calls).toEqual(begun)
    happens('consumer.crash', false)
    await expect.poll(() => calls, { timeout: 5_000 }).toEqual([...begun, ...begun])
  })

  test('leaves it to kafkajs when that starts by itself', async () => {
    const { member, calls, happens } = newMember()
    member.start()
    await expect.poll(() => calls).toEqual(begun)
    happens('consumer.crash', true)
    happens('consumer.crash', false)
    // Had the first crash started it, too, there would be three beginnings when the second has.
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

  test('that is closed while it starts does not stay', async () => {
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
