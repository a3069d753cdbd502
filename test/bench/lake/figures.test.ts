import { describe, expect, test } from 'vitest'
import { type FreshnessTurn, growth, kneeOf } from './figures.ts'
import { orderEvent } from './orders.ts'
import { parseTicks } from './processes.ts'
import { groupOf, sharesOf } from './profile.ts'

const turn = (rate: number, p99Ms: number, achieved = 1): FreshnessTurn => ({
  side: 'ours',
  rate,
  achieved,
  latency: { p50Ms: 1, p99Ms, rows: 1, snapshots: 1 },
})

describe('figures of the lake', () => {
  test('the knee is the last rate that was kept before the first that was not', () => {
    expect(kneeOf([turn(1, 500), turn(2, 900), turn(3, 2_500), turn(4, 900)])).toBe(2)
    expect(kneeOf([turn(1, 500), turn(2, 900, 0.98)])).toBe(1)
    expect(kneeOf([turn(1, 2_500)])).toBeUndefined()
  })

  test('growth includes both client and server', () => {
    const cost = { snapshots: 0 }
    const costs = [
      { ...cost, commits: 10, ownMs: 10, catalogMs: 10 },
      { ...cost, commits: 100, ownMs: 20, catalogMs: 40 },
    ]
    expect(growth(costs)).toBe(3)
  })

  test("a process's time includes that of its ended children", () => {
    const fields = Array.from({ length: 40 }, (_, index) => index)
    expect(parseTicks(`7 (a (b) c) S ${fields.join(' ')}`)).toBe(10 + 11 + 12 + 13)
    expect(() => parseTicks('7 (a) S 1 2')).toThrow('no times')
  })

  test('an event has its number in its id, and one branch', () => {
    const events = [0, 1, 2, 3].map((sequence) => orderEvent(sequence, 5))
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4)
    expect(events.map(({ version }) => version)).toEqual([1n, 2n, 3n, 1n])
    expect(events[1]?.confirmed).not.toBeNull()
    expect(events[1]?.placed).toBeNull()
    expect(events[0]?.streamId).toBe(events[2]?.streamId)
  })
})

describe('where the time goes', () => {
  test.each([
    ['file:///a/node_modules/kafkajs/src/network/socket.js', 'run', 'kafkajs'],
    ['file:///a/node_modules/avsc/lib/types.js', 'read', 'decode'],
    ['file:///a/packages/codec/src/codec.ts', 'decode', 'decode'],
    ['file:///a/packages/iceberg/src/write/parquet.ts', 'appendRows', 'rows into DuckDB'],
    ['', '(garbage collector)', 'garbage collector'],
    ['', '(idle)', 'idle'],
  ])('%s %s is %s', (url, name, group) => {
    expect(groupOf({ url, functionName: name })).toBe(group)
  })

  test('shares are relative to the busy time', () => {
    const node = (id: number, functionName: string, url = '') => ({
      id,
      callFrame: { functionName, url },
    })
    const profile = {
      nodes: [
        node(1, '(idle)'),
        node(2, 'x', 'a/node_modules/kafkajs/x.js'),
        node(3, '(garbage collector)'),
      ],
      samples: [1, 2, 2, 3],
      timeDeltas: [50, 10, 20, 10],
    }
    expect(sharesOf(profile)).toEqual([
      { group: 'kafkajs', share: 0.75 },
      { group: 'garbage collector', share: 0.25 },
    ])
  })
})
