import type { Decider } from '@tenseams/decider/decider'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { Aggregate } from './aggregate.ts'
import type { Append } from './append.ts'
import type { EventStore } from './event-store.ts'

type Command = { readonly type: 'Open' | 'Close' }
type Event = { readonly type: 'Opened' | 'Closed' }

/** A door is opened when it is closed, and closed when it is open. */
const door: Decider<Command, Event, 'open' | 'closed', 'already'> = {
  initialState: 'closed',
  evolve: (_, { type }) => (type === 'Opened' ? 'open' : 'closed'),
  decide: ({ type }, state) => {
    if ((type === 'Open') === (state === 'open')) return { kind: 'refused', refusal: 'already' }
    return { kind: 'accepted', events: [{ type: type === 'Open' ? 'Opened' : 'Closed' }] }
  },
}

/** A stream in memory, and how often it was read. */
function doorWith(...types: Event['type'][]) {
  let reads = 0
  const query = async () => {
    reads += 1
    const rows = types.map((type, index) => ({
      ...{ no: '1', stream_id: 'door', event_id: `${index}`, version: `${index + 1}` },
      ...{ type, payload: Buffer.from(type) },
    }))
    return { rows }
  }
  const append = async ({ expectedVersion, events }: Append) => {
    const actualVersion = BigInt(types.length)
    if (expectedVersion !== actualVersion) return { kind: 'conflict', actualVersion } as const
    types.push(...events.map(({ type }) => type as Event['type']))
    return { kind: 'appended' } as const
  }
  const aggregate = new Aggregate({
    ...{ pool: { query } as unknown as pg.Pool, schema: 'doors', decider: door },
    store: { append } as unknown as EventStore,
    seal: ({ type }, { eventId, version }) => ({
      ...{ eventId, version, type, topic: 'doors', data: {}, payload: Buffer.from(type) },
    }),
    open: async ({ payload }) => ({ type: String(payload) as Event['type'] }),
  })
  return { aggregate, types, reads: () => reads }
}

const metadata = { eventIdOf: String, occurredAt: 0, traceparent: null }
const open = { type: 'Open' } as const

test('a command on what was loaded before costs no read', async () => {
  const { aggregate, types, reads } = doorWith()
  const loaded = { state: 'closed', version: 0n } as const
  expect(await aggregate.handleFrom('door', loaded, open, metadata)).toMatchObject({ kind: 'done' })
  expect([types, reads()]).toEqual([['Opened'], 0])
})

test('a stream that has changed since it was loaded is decided on again, whatever the old decision was', async () => {
  const stale = { state: 'closed', version: 0n } as const
  const changed = doorWith('Opened', 'Closed')
  expect(await changed.aggregate.handleFrom('door', stale, open, metadata)).toMatchObject({
    ...{ kind: 'done', version: 3n },
  })
  const opened = doorWith('Opened')
  const close = { type: 'Close' } as const
  expect(await opened.aggregate.handleFrom('door', stale, close, metadata)).toMatchObject({
    ...{ kind: 'done', version: 2n },
  })
  expect(opened.types).toEqual(['Opened', 'Closed'])
})

test('a command that is refused on the newest state is refused', async () => {
  const { aggregate } = doorWith('Opened')
  const loaded = { state: 'open', version: 1n } as const
  expect(await aggregate.handleFrom('door', loaded, open, metadata)).toEqual({
    ...{ kind: 'refused', refusal: 'already' },
  })
})
