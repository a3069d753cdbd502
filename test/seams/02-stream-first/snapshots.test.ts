import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { accept, type Decider, refuse } from '@tenseams/decider/decider'
import { Aggregate } from '@tenseams/event-store/aggregate'
import { EventStore } from '@tenseams/event-store/event-store'
import type { SnapshotCodec } from '@tenseams/event-store/snapshots'
import { eventually } from '@tenseams/local/launcher/host/wait'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, rolePool } from '../../support/shop.ts'
import { useStack } from '../../support/stack.ts'
import { letConnectPublish, testedTopic } from '../../support/tested-events.ts'

/** An account: a small aggregate whose state depends on all events and their order. */
type Event = { readonly type: 'Put' | 'Doubled'; readonly amount: string }
type State = { readonly sum: bigint; readonly last: string }
type Command = { readonly amounts: readonly bigint[] }

const decider: Decider<Command, Event, State, 'nothing'> = {
  initialState: { sum: 0n, last: '' },
  evolve: ({ sum }, { type, amount }) => ({
    sum: type === 'Doubled' ? (sum * 2n) % 10n ** 30n : sum + BigInt(amount),
    last: `${type} ${amount}`,
  }),
  decide: ({ amounts }) => {
    if (amounts.length === 0) return refuse('nothing')
    const events = amounts.map((amount): Event => {
      return { type: amount % 3n === 0n ? 'Doubled' : 'Put', amount: String(amount) }
    })
    return accept(...events)
  },
}

const codec: SnapshotCodec<State> = {
  form: 'account/1',
  every: 4,
  encode: ({ sum, last }) => JSON.stringify({ last, sum: String(sum) }),
  decode: (text) => {
    const { sum, last }: { sum: string; last: string } = JSON.parse(text)
    return { sum: BigInt(sum), last }
  },
}

let pool: pg.Pool
let admin: pg.Pool
let store: EventStore
/** Uses no snapshots. */
let all: Account

beforeAll(async () => {
  const stack = await useStack()
  await letConnectPublish(stack.endpoints)
  pool = rolePool(stack, 'orders_service')
  admin = adminPool(stack)
  store = new EventStore({ pool, schema: 'orders' })
  all = account()
})

afterAll(() => Promise.all([pool.end(), admin.end()]))

type Account = Aggregate<Command, Event, State, 'nothing'>

function account(snapshot?: SnapshotCodec<State>, knows = (_: Event) => true): Account {
  return new Aggregate({
    pool,
    store,
    schema: 'orders',
    decider,
    seal: (event, { eventId, version }) => ({
      eventId,
      version,
      type: event.type,
      topic: testedTopic,
      data: event,
      payload: Buffer.from(JSON.stringify(event)),
    }),
    open: async ({ payload }) => {
      const event: Event = JSON.parse(payload.toString())
      return knows(event) ? event : undefined
    },
    ...(snapshot === undefined ? {} : { snapshot }),
  })
}

const metadata = { eventIdOf: () => randomUUID(), occurredAt: 0, traceparent: null }

async function keptVersions(streamId: string): Promise<readonly number[]> {
  const { rows } = await pool.query<{ version: string }>(
    'select version from orders.snapshots where stream_id = $1 order by version',
    [streamId],
  )
  return rows.map(({ version }) => Number(version))
}

/** Runs the commands, and waits for each snapshot that is due. */
async function fill(
  aggregate: Account,
  streamId: string,
  commands: readonly (readonly bigint[])[],
): Promise<void> {
  let version = 0
  for (const amounts of commands) {
    const due = Math.floor((version + amounts.length) / codec.every)
    const isDue = due > Math.floor(version / codec.every)
    await aggregate.handle(streamId, { amounts }, metadata)
    version += amounts.length
    const isKept = async () => (await keptVersions(streamId)).includes(version)
    if (isDue) await eventually(isKept, { timeoutMs: 5_000, what: 'a snapshot', intervalMs: 5 })
  }
}

const commands = fc.array(fc.array(fc.bigInt(1n, 10n ** 20n), { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 8,
})

/** Counts the histories after which the state with snapshots differs from the state without. */
async function differences(snapshot: SnapshotCodec<State>): Promise<number> {
  let count = 0
  const property = fc.asyncProperty(commands, async (history) => {
    const stream = randomUUID()
    await fill(account(snapshot), stream, history)
    const withSnapshot = await account(snapshot).load(stream)
    const fromAll = await all.load(stream)
    expect(withSnapshot.version).toBe(fromAll.version)
    if (!isDeepStrictEqual(withSnapshot.state, fromAll.state)) count += 1
  })
  await fc.assert(property, { numRuns: 25, seed: 9 })
  return count
}

describe('the state from a snapshot and later events', () => {
  test('is the state from all events, after any history', async () => {
    expect(await differences(codec)).toBe(0)
  })

  test('differs when the codec loses something', async () => {
    const inNumbers = ({ sum, last }: State) => ({ last, sum: BigInt(Number(sum)) })
    const lossy = { ...codec, encode: (state: State) => codec.encode(inNumbers(state)) }
    expect(await differences(lossy)).toBeGreaterThan(0)
  })
})

const longHistory = Array.from({ length: 30 }, (_, index) => [BigInt(index) * 10n ** 18n + 1n])

describe('a snapshot', () => {
  test('skips reading the events before it', async () => {
    const stream = randomUUID()
    await fill(account(codec), stream, longHistory)
    expect((await account(codec).load(stream)).read).toBe(2)
    expect((await all.load(stream)).read).toBe(30)
  })

  test.each([
    ['is lost', 'delete from orders.snapshots where stream_id = $1'],
    ['cannot be read', `update orders.snapshots set state = '{}' where stream_id = $1`],
    ['has another form', `update orders.snapshots set form = 'account/0' where stream_id = $1`],
  ])('that %s makes no difference but that all is read', async (_, statement) => {
    const stream = randomUUID()
    await fill(account(codec), stream, longHistory)
    await admin.query(statement, [stream])
    const loaded = await account(codec).load(stream)
    expect(loaded).toEqual(await all.load(stream))
    expect(loaded.read).toBe(30)
  })

  test('is not kept by a release that does not know all events of the stream', async () => {
    const stream = randomUUID()
    await all.handle(stream, { amounts: [1n, 2n, 3n] }, metadata)
    const old = account(codec, ({ type }) => type !== 'Doubled')
    await old.handle(stream, { amounts: [4n] }, metadata)
    // The next one comes after it, and is kept: so the first has been decided on.
    const other = randomUUID()
    await fill(old, other, [[1n, 1n, 1n, 1n]])
    expect(await keptVersions(stream)).toEqual([])
  })

  test('can be added and read by the service, not changed', async () => {
    const statement = `update orders.snapshots set state = '{}'`
    await expect(pool.query(statement)).rejects.toThrow(/permission denied/)
  })
})
