import { randomUUID } from 'node:crypto'
import type { Append, Guard } from '@tenseams/event-store/append'
import { StoreUnavailableError } from '@tenseams/event-store/errors'
import { EventStore, type EventStoreOptions } from '@tenseams/event-store/event-store'
import { type ResolveOutcome, resolveOutcome } from '@tenseams/event-store/lost-statement'
import { StreamReader } from '@tenseams/event-store/stream-reader'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, rolePool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { letConnectPublish, testedTopic } from '../../support/tested-events.ts'
import { type CuttingProxy, openCuttingProxy } from './cutting-proxy.ts'

let direct: pg.Pool
let admin: pg.Pool
let proxy: CuttingProxy
let stack: TestStack
const opened: pg.Pool[] = []

beforeAll(async () => {
  stack = await useStack()
  await letConnectPublish(stack.endpoints)
  direct = rolePool(stack, 'orders_service')
  admin = adminPool(stack)
  proxy = await openCuttingProxy(stack.endpoints.postgres)
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.end()))
})

afterAll(async () => {
  await proxy.close()
  await Promise.all([direct.end(), admin.end()])
})

const withoutLookUp: ResolveOutcome = async () => {
  throw new StoreUnavailableError('the connection was lost')
}

const withoutFence: ResolveOutcome = (lost) => resolveOutcome(lost, async () => undefined)

/** A store behind the proxy: what it sends can be lost. */
function storeBehindProxy(options: Partial<EventStoreOptions> = {}): EventStore {
  const pool = rolePool(stack, 'orders_service', { at: proxy })
  opened.push(pool)
  return new EventStore({ pool, schema: 'orders', ...options })
}

// The connector publishes every row; these go to a topic of their own, so that no service sees them.
const appendTo = (streamId: string, guard?: Guard): Append => ({
  streamId,
  expectedVersion: 0n,
  events: [
    {
      eventId: randomUUID(),
      version: 1n,
      type: 'Tested',
      topic: testedTopic,
      data: {},
      payload: Buffer.from([0, 0, 0, 0, 1]),
    },
  ],
  ...(guard === undefined ? {} : { guard }),
})

const isThere = async (streamId: string): Promise<boolean> =>
  (await new StreamReader({ pool: direct, schema: 'orders' }).read(streamId)).length > 0

describe('an append that was committed, but whose answer was lost', () => {
  test('is answered with `appended`', async () => {
    const [stream, store] = [randomUUID(), storeBehindProxy()]
    proxy.cut('answer-lost', stream)
    expect(await store.append(appendTo(stream))).toEqual({ kind: 'appended' })
    expect(await isThere(stream)).toBe(true)
  })

  test('looks like a failure to a store that does not look it up', async () => {
    const [stream, store] = [randomUUID(), storeBehindProxy({ resolveOutcome: withoutLookUp })]
    proxy.cut('answer-lost', stream)
    await expect(store.append(appendTo(stream))).rejects.toMatchObject({ retriable: true })
    expect(await isThere(stream)).toBe(true)
  })

  test('without events is found by its guard', async () => {
    const store = storeBehindProxy()
    const guard = { kind: 'inbox' as const, eventId: randomUUID() }
    const append = { streamId: randomUUID(), expectedVersion: 0n, events: [], guard }
    proxy.cut('answer-lost', append.streamId)
    expect(await store.append(append)).toEqual({ kind: 'appended' })
    expect(await store.append(append)).toEqual({ kind: 'repeated' })
  })

  test('answers each caller of its batch separately', async () => {
    const store = storeBehindProxy({ maxStatements: 1 })
    const guard = { kind: 'inbox' as const, eventId: randomUUID() }
    const [fresh, taken] = [randomUUID(), randomUUID()]
    await store.append(appendTo(randomUUID(), guard))
    await store.append(appendTo(taken))
    proxy.cut('answer-lost', fresh)
    // While the first is under way, the others queue up and become one batch.
    const [, ...batch] = await Promise.allSettled(
      [appendTo(randomUUID()), appendTo(fresh), appendTo(taken), appendTo(randomUUID(), guard)].map(
        (append) => store.append(append),
      ),
    )
    expect(batch).toMatchObject([
      { status: 'fulfilled', value: { kind: 'appended' } },
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE', retriable: true } },
      { status: 'fulfilled', value: { kind: 'repeated' } },
    ])
  })
})

describe('an append that never arrived', () => {
  test('is refused as retriable, and can be tried again', async () => {
    const [stream, store] = [randomUUID(), storeBehindProxy()]
    const append = appendTo(stream)
    proxy.cut('statement-lost', stream)
    await expect(store.append(append)).rejects.toMatchObject({ retriable: true })
    expect(await isThere(stream)).toBe(false)
    expect(await store.append(append)).toEqual({ kind: 'appended' })
  })
})

describe('a statement that arrives after its sender has looked', () => {
  const lookThenDeliver = async (resolve?: ResolveOutcome): Promise<string> => {
    const [stream, store] = [randomUUID(), storeBehindProxy(resolve && { resolveOutcome: resolve })]
    proxy.cut('late', stream)
    await expect(store.append(appendTo(stream))).rejects.toMatchObject({ retriable: true })
    await proxy.deliver()
    return stream
  }

  test('writes nothing any more, because its backend was ended first', async () => {
    expect(await isThere(await lookThenDeliver())).toBe(false)
  })

  test('is written after all when its backend is not ended', async () => {
    expect(await isThere(await lookThenDeliver(withoutFence))).toBe(true)
  })
})

describe('a statement that still waits for its stream when its sender looks', () => {
  /** Another transaction holds the stream's lock until the sender of the lost statement has its answer. */
  const lookWhileItWaits = async (resolve?: ResolveOutcome): Promise<string> => {
    const [stream, store] = [randomUUID(), storeBehindProxy(resolve && { resolveOutcome: resolve })]
    const holder = await admin.connect()
    try {
      await holder.query('begin')
      await holder.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `orders.${stream}`,
      ])
      proxy.cut('sender-lost', stream)
      await expect(store.append(appendTo(stream))).rejects.toMatchObject({ retriable: true })
    } finally {
      await holder.query('rollback')
      holder.release()
    }
    // Every earlier waiter has had the lock when it can be taken here.
    await admin.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`orders.${stream}`])
    return stream
  }

  test('writes nothing any more, because its backend was ended first', async () => {
    expect(await isThere(await lookWhileItWaits())).toBe(false)
  })

  test('is written after all when its backend is not ended', async () => {
    const stream = await lookWhileItWaits(withoutFence)
    await eventually(() => isThere(stream), { timeoutMs: 5_000, what: 'the event' })
  })
})

test('when Postgres stays unavailable, the outcome is reported as unknown after a bounded time', async () => {
  const own = await openCuttingProxy(stack.endpoints.postgres)
  const pool = rolePool(stack, 'orders_service', { at: own })
  opened.push(pool)
  const store = new EventStore({ pool, schema: 'orders', resolveWithinMs: 300 })
  const stream = randomUUID()
  own.cut('statement-lost', stream)
  await store.append(appendTo(randomUUID()))
  own.refuse()
  await expect(store.append(appendTo(stream))).rejects.toThrow('the outcome is unknown')
  await own.close()
})
