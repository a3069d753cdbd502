import { originColumns } from '@tenseams/contracts/generate/bronze'
import { queryTable } from '@tenseams/iceberg/read/query'
import { type OwnLake, openOwnLake } from '@tenseams/iceberg/testing/own-lake'
import { baseOf } from '@tenseams/iceberg/write/append'
import type { KafkaMessage } from 'kafkajs'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { acceptLogNow, compareLogs } from '../cli/logs.ts'
import { LakehouseMetrics } from '../metrics.ts'
import { type BronzeTable, bronzeNameOf, originRow } from './bronze-table.ts'
import { ByteBudget } from './byte-budget.ts'
import { TableSink } from './table-sink.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const told: string[] = []
const screen = { show: () => undefined, tell: (line: string) => void told.push(line) }

let lake: OwnLake

beforeAll(async () => {
  lake = await openOwnLake()
})
afterAll(() => lake.close())

/** A topic of one partition, as its brokers have it. */
class Topic {
  id = 'first'
  end = 0n
  endOfEpoch: bigint | undefined
  leaderEpoch = 1
  readonly logs = {
    identityOf: async () => this.#identity(),
    read: async () => ({
      ...this.#identity(),
      partitions: new Map([[0, { first: 0n, end: this.end }]]),
    }),
    endsOfEpochs: async () => new Map(this.endOfEpoch === undefined ? [] : [[0, this.endOfEpoch]]),
  }

  #identity() {
    return { id: this.id, leaderEpochs: new Map([[0, this.leaderEpoch]]) }
  }
}

function tableOf(topic: string): BronzeTable {
  const fields = originColumns.map((column, index) => ({ id: index + 1, ...column }))
  return {
    ...{ topic, table: bronzeNameOf(topic), schema: { type: 'struct', fields } },
    rowOf: (_value, origin) => originRow(origin),
  }
}

/** A sink over a topic, and what a consumer does with it. */
async function openSink(name: string, topic: Topic) {
  const bronze = tableOf(name)
  const sink = new TableSink({
    ...{ ports: lake.ports, bronze, logs: topic.logs, log, flushIntervalMs: 60_000 },
    ...{ maxBufferedRows: 1_000, budget: new ByteBudget(1_000_000, 1) },
    ...{ onOpened: () => undefined, onRoom: () => undefined },
    metrics: new LakehouseMetrics(new Registry()),
  })
  void sink.reopen('starting')
  /** Fetches the records from an offset on, and commits those that the sink takes. */
  const read = async (start: bigint, end: bigint) => {
    const messages = Array.from({ length: Number(end - start) }, (_, index) => ({
      ...{ key: null, value: null, timestamp: '0', attributes: 0, headers: {} },
      offset: `${start + BigInt(index)}`,
    })) as KafkaMessage[]
    const plan = sink.plan(0, { start, end }, messages)
    if (plan.kind !== 'accept') return plan.kind
    const { logEpoch } = plan.reservation
    const rows = messages.map(({ offset }) =>
      originRow({ partition: 0, offset: BigInt(offset), timestampMs: 0, schemaId: 1, logEpoch }),
    )
    sink.take(plan.reservation, { rows, deadLetters: [], oldestMs: 0 })
    return plan.kind
  }
  const ready = () => vi.waitFor(() => sink.assertReady(), { timeout: 10_000, interval: 5 })
  const refusal = () =>
    vi.waitFor(
      () => {
        try {
          sink.assertReady()
        } catch (error) {
          if (String(error).includes('Next: ')) return String(error)
        }
        throw new Error('the table is not refused')
      },
      { timeout: 10_000, interval: 5 },
    )
  return { sink, read, ready, refusal, table: bronze.table }
}

const held = async (table: { namespace: string; name: string }) =>
  (
    await queryTable(
      lake.ports,
      table,
      'SELECT kafka_offset AS o, log_epoch AS e FROM rows ORDER BY e NULLS FIRST, o',
    )
  ).map(({ o, e }) => `${e ?? 0}:${o}`)

const accept = (table: { namespace: string; name: string }, topic: Topic) =>
  acceptLogNow({ catalog: lake.catalogue.client, table, logs: topic.logs, dryRun: false, screen })

describe('a topic that was deleted and made again', () => {
  it('stops its table at the next start, is named, and goes on once that was accepted, each record once', async () => {
    const topic = new Topic()
    const before = await openSink('made-again', topic)
    await before.ready()
    topic.end = 5n
    await before.read(0n, 5n)
    await before.sink.close()
    Object.assign(topic, { id: 'second', end: 9n })
    const after = await openSink('made-again', topic)
    expect(await after.refusal()).toMatch(
      /made-again was deleted and made again.*Next: npm run lake -- accept-log bronze\.made_again/,
    )
    expect(await after.read(5n, 9n), 'records at known offsets are others').toBe('wait')
    const metadata = await lake.catalogue.loadTable(after.table)
    expect(await compareLogs(baseOf(metadata), topic.logs)).toMatchObject({
      breaks: [expect.stringContaining('deleted and made again')],
    })
    expect(await accept(after.table, topic)).toBe(0)
    await after.ready()
    await after.read(0n, 3n)
    await after.sink.close()
    expect(await held(after.table)).toEqual([
      ...['0:0', '0:1', '0:2', '0:3', '0:4', '1:0', '1:1', '1:2'],
    ])
  })

  it('stops its table also while records of the old one are buffered, which are not committed under the new name', async () => {
    const topic = new Topic()
    const { sink, read, ready, refusal, table } = await openSink('made-again-meanwhile', topic)
    await ready()
    topic.end = 4n
    await read(0n, 2n)
    await sink.reopen('a commit')
    await read(2n, 4n)
    Object.assign(topic, { id: 'second', end: 4n })
    void sink.reopen('a commit')
    expect(await refusal()).toContain('deleted and made again')
    expect(await held(table)).toEqual(['0:0', '0:1'])
    await sink.close()
  })
})

describe('a log that a power cut has shortened', () => {
  it('while records are buffered: they are dropped when the leader has changed, and read again', async () => {
    const topic = new Topic()
    const { sink, read, ready, table } = await openSink('cut-meanwhile', topic)
    await ready()
    topic.end = 5n
    await read(0n, 5n)
    Object.assign(topic, { end: 3n, leaderEpoch: 2 })
    await sink.reopen('a commit')
    await ready()
    await read(0n, 3n)
    await sink.close()
    expect(await held(table)).toEqual(['0:0', '0:1', '0:2'])
  })

  it.each([
    ['is shorter than its table', { end: 3n }],
    ['has grown beyond its table since', { end: 9n, endOfEpoch: 3n }],
  ])(
    'stops its table when it %s, and the records at the lost offsets are read once',
    async (what, cut) => {
      const topic = new Topic()
      const name = `cut-${what.length}`
      const before = await openSink(name, topic)
      await before.ready()
      topic.end = 5n
      await before.read(0n, 5n)
      await before.sink.close()
      Object.assign(topic, cut)
      const after = await openSink(name, topic)
      expect(await after.refusal()).toMatch(
        /the table has records up to 4.*Next: npm run lake -- accept-log/,
      )
      expect(await accept(after.table, topic)).toBe(0)
      Object.assign(topic, { end: 9n, endOfEpoch: undefined })
      await after.ready()
      await after.read(3n, 6n)
      await after.sink.close()
      expect(await held(after.table)).toEqual([
        ...['0:0', '0:1', '0:2', '0:3', '0:4', '1:3', '1:4', '1:5'],
      ])
    },
  )
})
