import type { AppendPorts } from '@tenseams/iceberg/write/append'
import type { BronzeTable } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { ByteBudget } from '@tenseams/lakehouse-service/bronze/byte-budget'
import { heldBytes } from '@tenseams/lakehouse-service/bronze/fetched'
import type { Reservation } from '@tenseams/lakehouse-service/bronze/reservation'
import { TableSink } from '@tenseams/lakehouse-service/bronze/table-sink'
import { LakehouseMetrics } from '@tenseams/lakehouse-service/metrics'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { Catalogue, catalogPort } from './servers/catalogue.ts'
import { enginePort, Files, storagePort } from './servers/lake.ts'
import type { Network } from './world/network.ts'

/** The service's sink over the simulated catalogue, which answers at once, or when the test releases it. */

const topic = 'things'
const aRecord: KafkaMessage = {
  ...{
    key: null,
    value: Buffer.alloc(100),
    timestamp: '0',
    attributes: 0,
    headers: {},
    offset: '',
  },
}
const SIZE = heldBytes(aRecord)
const never = 60_000
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

const column = (id: number, name: string, type: string) => ({ id, name, type, required: true })
const bronze: BronzeTable = {
  topic,
  table: { namespace: 'test', name: 'things' },
  schema: {
    type: 'struct',
    fields: [
      column(1, 'partition', 'int'),
      column(2, 'offset', 'long'),
      column(3, 'event', 'string'),
    ],
  } as BronzeTable['schema'],
  rowOf: () => ({}),
}

type Held = { readonly release: () => void }

/** A log that no table has lost. */
const logsOf = (
  partitions: ReadonlyMap<number, { readonly first: bigint; readonly end: bigint }>,
) => ({
  identityOf: async () => ({ id: 'the-topic', leaderEpochs: new Map<number, number>() }),
  read: async () => ({ id: 'the-topic', leaderEpochs: new Map<number, number>(), partitions }),
  endsOfEpochs: async () => new Map<number, bigint>(),
})

/** A sink with room for this many records, and what can be observed of it. */
async function openSink(room: number, flushIntervalMs = never, maxBufferedRows = 1_000_000) {
  const network = { call: async ({ serve }: { serve: () => unknown }) => serve() }
  const catalogue = new Catalogue()
  const files = new Files()
  let gate = Promise.resolve()
  const ports = {
    catalog: catalogPort(network as unknown as Network, catalogue),
    storage: storagePort(network as unknown as Network, files),
    engine: enginePort(files),
    onStep: () => gate,
  } as unknown as AppendPorts
  const budget = new ByteBudget(room * SIZE, 1)
  const wakes: string[] = []
  const sink = new TableSink({
    ...{ ports, bronze, budget, flushIntervalMs, maxBufferedRows, log: silent },
    logs: logsOf(new Map([[0, { first: 0n, end: 1_000_000n }]])),
    onOpened: () => undefined,
    onRoom: (name) => wakes.push(name),
    metrics: new LakehouseMetrics(openMetrics('test')),
  })
  await sink.reopen('starting')
  /** Every commit waits until it is released. */
  const hangCommits = (): Held => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return { release: resolve }
  }
  const rows = () => [...files.rows.values()].flat().map(({ offset }) => Number(offset))
  const commits = () => catalogue.load().snapshots.length
  return { sink, budget, wakes, hangCommits, rows, commits }
}

/** The result of a fetch from an offset on. */
function fetched(from: bigint, count: number): readonly KafkaMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    ...aRecord,
    offset: `${from + BigInt(index)}`,
  }))
}

function planned(sink: TableSink, from: bigint, count: number): Reservation | undefined {
  const plan = sink.plan(0, { start: from, end: from + BigInt(count) }, fetched(from, count))
  return plan.kind === 'accept' ? plan.reservation : undefined
}

const asRows = ({ chunk: { messages } }: Reservation) => ({
  rows: messages.map(({ offset }) => ({ partition: 0, offset: BigInt(offset), event: 'made' })),
  deadLetters: [],
  oldestMs: 0,
})

/** Offers the records from an offset on; the sink takes those that it has room for. Returns the offset of the next fetch. */
function offer(sink: TableSink, from: bigint, count: number): bigint {
  const reservation = planned(sink, from, count)
  if (reservation === undefined) return from
  expect(sink.take(reservation, asRows(reservation))).toBe(true)
  return reservation.chunk.span.end
}

const waiting = { timeoutMs: 10_000, intervalMs: 1 }

describe('what a sink holds', () => {
  it('never exceeds the bound while a commit hangs, and records without room come later', async () => {
    const { sink, budget, wakes, hangCommits, rows } = await openSink(10)
    const hanging = hangCommits()
    let next = 0n
    for (let fetch = 0; fetch < 50; fetch++) {
      next = offer(sink, next, 4)
      expect(budget.held).toBeLessThanOrEqual(10 * SIZE)
    }
    expect(next, 'ten and no more').toBe(10n)
    hanging.release()
    await eventually(() => wakes.length > 0, { ...waiting, what: 'the sink to ask for more' })
    const all = async () => {
      next = offer(sink, next, Math.min(4, Number(100n - next)))
      expect(budget.held).toBeLessThanOrEqual(10 * SIZE)
      return next === 100n
    }
    await eventually(all, { ...waiting, what: 'all records to be taken' })
    await sink.close()
    expect(rows()).toEqual(Array.from({ length: 100 }, (_, offset) => offset))
    expect(budget.held).toBe(0)
  })

  it('counts from the plan on, also records that are being decoded', async () => {
    const { sink, budget } = await openSink(10)
    const reservation = planned(sink, 0n, 8)
    expect(budget.held).toBe(8 * SIZE)
    if (reservation !== undefined) sink.release(reservation)
    expect(budget.held).toBe(0)
  })

  it('is committed at once when the next record finds no room, not when the interval is over', async () => {
    const { sink, commits } = await openSink(10.5)
    const next = offer(sink, 0n, 11)
    expect(next, 'there is room for half a record more').toBe(10n)
    expect(offer(sink, next, 1)).toBe(next)
    await eventually(() => commits() === 1, { ...waiting, what: 'a commit' })
  })

  it('has no records that were read before the table was reloaded', async () => {
    const { sink, budget, rows } = await openSink(10)
    const late = planned(sink, 0n, 4)
    await sink.reopen('new assignment')
    expect(late && sink.take(late, asRows(late)), 'it comes again').toBe(false)
    expect(budget.held).toBe(0)
    offer(sink, 0n, 4)
    await sink.close()
    expect(rows()).toEqual([0, 1, 2, 3])
  })

  it('has no ticks, of which any number may come before the next row', async () => {
    const { sink, budget, rows, commits } = await openSink(10)
    for (let tick = 0n; tick < 100n; tick++) {
      const reservation = planned(sink, tick, 1)
      expect(reservation, `tick ${tick} has room`).toBeDefined()
      if (reservation !== undefined)
        sink.take(reservation, { rows: [], deadLetters: [], oldestMs: Infinity })
    }
    expect([budget.held, commits()]).toEqual([0, 0])
    offer(sink, 100n, 1)
    await sink.close()
    expect(rows()).toEqual([100])
  })
})

describe('a sink commits', () => {
  it('nothing while no records come, nor when it is closed', async () => {
    const { sink, commits } = await openSink(10, 1)
    await sink.reopen('new assignment')
    await sink.close()
    expect(commits()).toBe(0)
  })

  it('what is buffered when it is closed, however long the interval', async () => {
    const { sink, rows, commits } = await openSink(10)
    offer(sink, 0n, 3)
    expect(commits()).toBe(0)
    await sink.close()
    expect([rows(), commits()]).toEqual([[0, 1, 2], 1])
    expect(planned(sink, 3n, 1), 'it takes nothing more').toBeUndefined()
  })

  it('when the interval is over, and earlier when it has enough rows', async () => {
    const timed = await openSink(10, 1)
    offer(timed.sink, 0n, 3)
    await eventually(() => timed.commits() === 1, { ...waiting, what: 'the interval' })
    const full = await openSink(10, never, 3)
    expect(offer(full.sink, 0n, 5), 'as many as it may buffer').toBe(3n)
    await eventually(() => full.commits() === 1, { ...waiting, what: 'the rows' })
  })
})
