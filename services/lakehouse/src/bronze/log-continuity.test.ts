import { describe, expect, it } from 'vitest'
import { continuityOf, isSameLog } from './log-continuity.ts'

const topic = 'orders.order.v1'
const logOf = (first: bigint, end: bigint) => new Map([[0, { first, end }]])
const none = new Map<number, bigint>()
const leaderEpochs = new Map([[0, 7]])
const recorded = {
  topics: { [topic]: { id: 'old', epoch: 0 } },
  offsets: { [`${topic}-0`]: 500n },
}

describe('the log of a topic', () => {
  it('continues the table when it has the same id and has not lost a record', () => {
    const now = {
      leaderEpochs,
      id: 'old',
      partitions: logOf(0n, 500n),
      endsOfEpochs: new Map([[0, 500n]]),
    }
    expect(continuityOf(topic, recorded, now)).toMatchObject({
      ...{ breaks: [], log: { id: 'old', epoch: 0 }, nextOffsets: new Map([[0, 500n]]) },
    })
  })

  it('begins a table that has none yet, and a partition that is new to it', () => {
    const now = { leaderEpochs, id: 'new', partitions: logOf(7n, 9n), endsOfEpochs: none }
    expect(continuityOf(topic, { topics: {}, offsets: {} }, now)).toMatchObject({
      ...{ breaks: [], log: { id: 'new', epoch: 0 }, nextOffsets: new Map([[0, 7n]]) },
    })
  })

  it.each([
    ['shorter than the table', 20n],
    ['as long as the table', 500n],
    ['longer than the table', 900n],
  ])('of a topic that was made again does not continue it, though it is %s', (_what, end) => {
    const now = { leaderEpochs, id: 'new', partitions: logOf(0n, end), endsOfEpochs: none }
    const { breaks, acceptFrom } = continuityOf(topic, recorded, now)
    expect(breaks).toEqual([
      `${topic} was deleted and made again: its id is new, the table's offsets are of old`,
    ])
    expect(acceptFrom, 'every record of the new log is new').toEqual(new Map([[0, 0n]]))
  })

  it('that a power cut has shortened does not continue it', () => {
    const now = { leaderEpochs, id: 'old', partitions: logOf(0n, 480n), endsOfEpochs: none }
    const { breaks, acceptFrom } = continuityOf(topic, recorded, now)
    expect(breaks).toEqual([`${topic}-0: the log ends at 480, and the table has records up to 499`])
    expect(acceptFrom).toEqual(new Map([[0, 480n]]))
  })

  it('that a power cut has shortened, and that has grown beyond the table since, does not continue it', () => {
    const now = {
      leaderEpochs,
      id: 'old',
      partitions: logOf(0n, 900n),
      endsOfEpochs: new Map([[0, 480n]]),
    }
    const { breaks, acceptFrom } = continuityOf(topic, recorded, now)
    expect(breaks).toHaveLength(1)
    expect(acceptFrom, 'the records that took the lost offsets are new').toEqual(
      new Map([[0, 480n]]),
    )
  })

  it('whose next record was deleted before it was read does not continue it', () => {
    const now = { leaderEpochs, id: 'old', partitions: logOf(600n, 900n), endsOfEpochs: none }
    const { breaks, acceptFrom } = continuityOf(topic, recorded, now)
    expect(breaks[0]).toContain('the log begins at 600')
    expect(acceptFrom).toEqual(new Map([[0, 600n]]))
  })

  it('goes on after it was accepted, by offsets of its own', () => {
    const accepted = {
      topics: { [topic]: { id: 'new', epoch: 1 } },
      offsets: { [`${topic}-0`]: 500n, [`${topic}@1-0`]: 3n },
    }
    const now = { leaderEpochs, id: 'new', partitions: logOf(0n, 20n), endsOfEpochs: none }
    expect(continuityOf(topic, accepted, now)).toMatchObject({
      ...{ breaks: [], log: { id: 'new', epoch: 1 }, nextOffsets: new Map([[0, 3n]]) },
    })
  })

  it('is known by its offsets alone where the brokers have no ids', () => {
    const now = { leaderEpochs, id: undefined, partitions: logOf(0n, 480n), endsOfEpochs: none }
    expect(continuityOf(topic, recorded, now).breaks).toHaveLength(1)
    const whole = { ...now, partitions: logOf(0n, 500n) }
    expect(continuityOf(topic, recorded, whole).breaks).toEqual([])
  })
})

it('records of one opening are of one log while neither the topic nor a leader changes', () => {
  const log = { id: 'old', epoch: 0, leaderEpochs }
  expect(isSameLog(log, { id: 'old', leaderEpochs })).toBe(true)
  expect(isSameLog(log, { id: 'new', leaderEpochs })).toBe(false)
  expect(isSameLog(log, { id: 'old', leaderEpochs: new Map([[0, 8]]) })).toBe(false)
})
