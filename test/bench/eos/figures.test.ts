import { describe, expect, test } from 'vitest'
import { Arrivals } from './arrivals.ts'
import { allContests, turnsOf } from './contests.ts'
import { microsBetween, parseSchedstat } from './cpu.ts'
import {
  brokerMicrosPerRecord,
  loopMicrosPerRecord,
  microsPerTransaction,
  othersShare,
  pairsOf,
  percentile,
  recordsForShare,
  requestsBetween,
  retriedShare,
  type TurnFigures,
} from './figures.ts'
import { payloadOf, readPayload } from './load.ts'

const turn = (different: Partial<TurnFigures> = {}): TurnFigures => ({
  contest: '100 records',
  side: 'transactions',
  round: 0,
  records: 1_000,
  wallMs: 500,
  loopMicros: 30_000,
  brokerMicros: 40_000,
  generatorMicros: 0,
  othersMicros: 250_000,
  transactions: 10,
  failed: 0,
  requests: {},
  latencyMs: undefined,
  achieved: 1,
  ...different,
})
const plain = turn({ side: 'plain', loopMicros: 20_000, brokerMicros: 25_000 })

describe('the order of turns', () => {
  test('has each contest once with both sides, consecutively, in every round', () => {
    for (const round of [0, 1, 2]) {
      const turns = turnsOf(allContests, round)
      expect(turns).toHaveLength(2 * allContests.length)
      for (const [index, { contest, side }] of turns.entries()) {
        const neighbour = turns[index % 2 === 0 ? index + 1 : index - 1]
        expect(neighbour?.contest).toBe(contest)
        expect(neighbour?.side).not.toBe(side)
      }
    }
  })

  test('lets neither side always be first, nor any contest', () => {
    const first = (round: number) => turnsOf(allContests, round)[0]
    expect(first(1)?.contest).not.toEqual(first(0)?.contest)
    for (const contest of allContests) {
      const side = (round: number) =>
        turnsOf(allContests, round).find((each) => each.contest === contest)?.side
      expect(side(1)).not.toBe(side(0))
    }
  })
})

describe('the CPU of a process', () => {
  test('is the first number of each thread', () => {
    expect(parseSchedstat('529537 916398 2\n')).toBe(529_537)
    expect(() => parseSchedstat('')).toThrow('no schedstat')
  })

  test('counts threads that began in between, and subtracts nothing for those that ended', () => {
    const before = new Map([
      ['1', 5_000],
      ['2', 9_000],
    ])
    const after = new Map([
      ['1', 7_000],
      ['3', 4_000],
    ])
    expect(microsBetween(before, after)).toBe(6)
  })

  test('of other processes is a share of all cores, and never negative', () => {
    expect(othersShare(turn(), 2)).toBe(0.25)
    expect(othersShare(turn({ othersMicros: -5 }), 2)).toBe(0)
  })
})

describe('what a transaction costs', () => {
  test('is what its records cost more than without a transaction', () => {
    const pair = { transactional: turn(), plain }
    expect(microsPerTransaction(loopMicrosPerRecord, pair)).toBeCloseTo(1_000)
    expect(microsPerTransaction(brokerMicrosPerRecord, pair)).toBeCloseTo(1_500)
  })

  test('gives the number of records that makes it a small share', () => {
    // 950 records at 20 µs and 1 000 µs for the transaction: it is a twentieth of the 20 000 µs.
    expect(recordsForShare(0.05, 1_000, 20)).toBeCloseTo(950)
  })

  test('counts requests beyond one for each transaction as retries', () => {
    const asked = (count: number) =>
      turn({ requests: { AddPartitionsToTxn: { count, waitedMs: 5 } } })
    expect(retriedShare(asked(12))).toBeCloseTo(0.2)
    expect(retriedShare(asked(10))).toBe(0)
    expect(retriedShare(plain)).toBe(0)
  })
})

test('requests are counted between two readings', () => {
  const before = { Fetch: { count: 2, waitedMs: 10 }, EndTxn: { count: 1, waitedMs: 1 } }
  const after = { ...before, Fetch: { count: 5, waitedMs: 40 }, Produce: { count: 1, waitedMs: 2 } }
  expect(requestsBetween(before, after)).toEqual({
    Fetch: { count: 3, waitedMs: 30 },
    Produce: { count: 1, waitedMs: 2 },
  })
})

test('rounds in which a side kept too little of its rate are left out', () => {
  const turns = [turn(), plain, turn({ round: 1 }), { ...plain, round: 1, achieved: 0.8 }]
  expect(pairsOf(turns, '100 records')).toEqual([{ transactional: turn(), plain }])
  expect(pairsOf(turns, '10 ms')).toEqual([])
})

test('a percentile is one of the values', () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  expect(percentile(values, 0.5)).toBe(50)
  expect(percentile(values, 0.99)).toBe(99)
  expect(percentile([7], 0.99)).toBe(7)
  expect(() => percentile([], 0.5)).toThrow('nothing was measured')
})

describe('arrivals', () => {
  test('distinguish a lost record from a doubled one', () => {
    const arrivals = new Arrivals(3)
    arrivals.note(0, 5)
    arrivals.note(2, 6)
    arrivals.note(2, 9)
    expect(arrivals.seen).toBe(2)
    expect(() => arrivals.assertEachOnce()).toThrow('1 lost, 1 doubled')
    expect([...arrivals.latenciesMs(2)]).toEqual([6])
  })

  test('are complete when each record came once', () => {
    const arrivals = new Arrivals(1)
    arrivals.note(0, 0)
    expect(() => arrivals.assertEachOnce()).not.toThrow()
  })

  test('give the number of a record and its intended time', () => {
    const value = payloadOf(70_000, 1_234.5, 200)
    expect(value).toHaveLength(200)
    expect(readPayload(value)).toEqual({ sequence: 70_000, intendedAtMs: 1_234.5 })
  })
})
