import { describe, expect, test } from 'vitest'
import { aStep, aSystem } from './testing/steps.ts'
import { grows, judge, limitOf } from './verdict.ts'

describe('a step below 99 % of what it offered', () => {
  test('is void, and says what became of the requests', () => {
    const { outcome, reasons } = judge(
      aStep({ answered: 2_960, notSent: 7, failed: { orders: { 'status 503': 33 } } }),
    )
    expect(outcome).toBe('void')
    expect(reasons.join('\n')).toMatch(
      /2960 of 3000 .*98\.7 %[\s\S]*7 were not sent[\s\S]*33 orders: status 503/,
    )
  })

  test('is void for the system beneath, too', () => {
    expect(judge(aStep({ answered: 2_000, system: aSystem({}) })).outcome).toBe('void')
  })

  test('is not void at 99 %, nor for one request of a few', () => {
    expect(judge(aStep({ answered: 2_970 })).outcome).toBe('kept')
    expect(judge(aStep({ due: 20, answered: 19 })).outcome).toBe('kept')
    expect(judge(aStep({ due: 20, answered: 18 })).outcome).toBe('void')
  })
})

test('a step in which nothing was due is void', () => {
  expect(judge(aStep({ due: 0, answered: 0 })).outcome).toBe('void')
})

describe('a step that was answered', () => {
  const series = (valueAt: (atS: number) => number) =>
    Array.from({ length: 31 }, (_, atS) => ({ atS, value: valueAt(atS) }))
  const samples = (unsettledAt: (atS: number) => number) =>
    series(unsettledAt).map(({ atS, value }) => ({ atS, unsettled: value, cpuShares: {} }))
  const lag = (lagAt: (atS: number) => number) =>
    series(lagAt).map(({ atS, value }) => ({ atS, lag: { payments: value, orders: 3 } }))

  test('is behind when orders do not end as fast as they are placed', () => {
    const system = aSystem({ samples: samples((atS) => 20 + 30 * atS) })
    expect(judge(aStep({ system }))).toMatchObject({ outcome: 'behind' })
    expect(judge(aStep({ system: aSystem({ samples: samples(() => 400) }) })).outcome).toBe('kept')
  })

  test('is behind when the lag of a group grows, which it names', () => {
    const { outcome, reasons } = judge(aStep({ system: aSystem({ lag: lag((atS) => 10 * atS) }) }))
    expect(outcome).toBe('behind')
    expect(reasons).toEqual(['the lag of payments is growing'])
  })

  test('is not behind by the moment at which a low point of the lag was seen', () => {
    const seen = (delayS: number, everyS: number) => (atS: number) =>
      600 * (((atS + everyS - delayS) % everyS) + (atS < 15 ? 0 : 1.5))
    expect(judge(aStep({ system: aSystem({ lag: lag(seen(3, 10)) }) })).outcome).toBe('kept')
    expect(judge(aStep({ system: aSystem({ lag: lag((atS) => 600 * atS) }) })).outcome).toBe(
      'behind',
    )
  })

  test('is not judged by a lag when it is shorter than two checkpoints', () => {
    const system = aSystem({ lag: lag((atS) => 10 * atS) })
    expect(judge(aStep({ measuredMs: 15_000, system })).outcome).toBe('kept')
  })

  test('is behind when an accepted order is not in Kafka', () => {
    const { reasons } = judge(aStep({ accepted: 3_001, system: aSystem({ placed: 3_000 }) }))
    expect(reasons).toEqual(['3001 orders were accepted, and 3000 of them are in Kafka'])
  })

  test('keeps up with a lag like a saw, which falls again at each checkpoint', () => {
    expect(
      grows(
        series((atS) => 100 * (atS % 10)),
        100,
      ),
    ).toBe(false)
    expect(
      grows(
        series((atS) => 100 * (atS % 10) + 10 * atS),
        100,
      ),
    ).toBe(true)
  })

  test('keeps up when there is too little to compare', () => {
    expect(grows([], 100)).toBe(false)
    expect(grows(series(() => 1).slice(0, 1), 100)).toBe(false)
  })
})

describe('what sets the knee', () => {
  const parts = {
    kafka: { cpuMs: 7_500, groups: {} },
    postgres: { cpuMs: 15_000, groups: {} },
  }

  test('is the cores when all of them are busy', () => {
    expect(limitOf(aStep({ system: aSystem({ parts, busyShare: 0.98 }) }))).toBe(
      'the cores: 98 % busy, most by postgres 50 % of a core, kafka 25 % of a core',
    )
  })

  test('is a thread that is always busy while cores are free', () => {
    const busiestThread = { part: 'payments', group: 'MainThread', share: 0.97 }
    const system = aSystem({ parts, busyShare: 0.7, busiestThread })
    expect(limitOf(aStep({ system }))).toMatch('a thread of payments (MainThread), busy 97 %')
  })

  test('is waiting when nothing is busy, and names the group that falls behind', () => {
    const lag = Array.from({ length: 31 }, (_, atS) => ({ atS, lag: { payments: 50 * atS } }))
    const system = aSystem({ parts, busyShare: 0.4, lag })
    expect(limitOf(aStep({ system }))).toMatch(/^waiting: .*; behind: payments$/)
  })

  test('is unknown where only answers are observed, or there is no /proc', () => {
    expect(limitOf(aStep({}))).toMatch('only answers')
    expect(limitOf(aStep({ system: aSystem({ parts: {} }) }))).toMatch('no /proc')
  })
})
