import type { Decider } from '@tenseams/decider/decider'
import { Aggregate } from '@tenseams/event-store/aggregate'
import type { Append, AppendResult } from '@tenseams/event-store/append'
import { StoreUnavailableError } from '@tenseams/event-store/errors'
import type { EventStore } from '@tenseams/event-store/event-store'
import type { EventRow } from '@tenseams/event-store/read'
import type pg from 'pg'
import { ConnectionLostError, type Network } from '../world/network.ts'

/** Postgres, as `append` in packages/event-store/schema.sql describes it: one transaction for each call. */
export class Store {
  readonly streams = new Map<string, EventRow[]>()
  readonly inbox = new Set<string>()
  repetitions = 0

  append({ streamId, expectedVersion, events, guard }: Append): AppendResult {
    const stream = this.streams.get(streamId) ?? []
    const actualVersion = BigInt(stream.length)
    if (actualVersion !== expectedVersion) return { kind: 'conflict', actualVersion }
    if (guard?.kind === 'inbox') {
      if (this.inbox.has(guard.eventId)) {
        this.repetitions += 1
        return { kind: 'repeated' }
      }
      this.inbox.add(guard.eventId)
    }
    for (const { eventId, version, type, payload } of events) {
      const row = {
        event_id: eventId,
        stream_id: streamId,
        version: String(version),
        type,
        payload,
      }
      stream.push(row)
    }
    this.streams.set(streamId, stream)
    return { kind: 'appended' }
  }

  read(streamId: string, afterVersion: bigint): readonly EventRow[] {
    return (this.streams.get(streamId) ?? []).filter(
      ({ version }) => BigInt(version) > afterVersion,
    )
  }
}

type Command = { readonly type: 'Note'; readonly data: { readonly note: string } }
type Noted = { readonly type: 'Noted'; readonly data: { readonly note: string } }

/** An effect that shows how often it happened: the decision does not hide a second one. */
const notes: Decider<Command, Noted, number, never> = {
  initialState: 0,
  evolve: (count) => count + 1,
  decide: ({ data }) => ({ kind: 'accepted', events: [{ type: 'Noted', data }] }),
}

export type Notes = Aggregate<Command, Noted, number, never>

/** The store as its client sees it: an append whose answer was lost may have happened. */
export function storePort(network: Network, store: Store): Pick<EventStore, 'append'> {
  return {
    append: async (append) => {
      const guard = append.guard?.kind === 'inbox' ? ` with inbox ${append.guard.eventId}` : ''
      const about = () => `${String(append.events[0]?.payload)} to ${append.streamId}${guard}`
      try {
        const serve = () => store.append(append)
        return await network.call({ server: 'postgres', name: 'append', about, serve })
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error
        throw new StoreUnavailableError('lost', { cause: error })
      }
    },
  }
}

/** The real Aggregate over the simulated store. */
export function openNotes(network: Network, store: Store): Notes {
  const pool = {
    query: async ({
      values,
    }: {
      readonly values: readonly [readonly string[], readonly bigint[]]
    }) => {
      const [streamIds, afterVersions] = values
      const serve = () =>
        streamIds.flatMap((streamId, index) =>
          store
            .read(streamId, afterVersions[index] ?? 0n)
            .map((row) => ({ ...row, no: String(index + 1) })),
        )
      return { rows: await network.call({ server: 'postgres', name: 'read', serve }) }
    },
  }
  return new Aggregate({
    // Only a small part of both types is used.
    pool: pool as unknown as pg.Pool,
    store: storePort(network, store) as EventStore,
    schema: 'notes',
    decider: notes,
    seal: ({ type, data }, { eventId, version }) => {
      const payload = Buffer.from(data.note)
      return { eventId, version, type, topic: 'notes', data, payload }
    },
    open: async ({ payload }) => ({ type: 'Noted', data: { note: String(payload) } }),
  })
}
