import { describe, expect, it } from 'vitest'
import { eventsFrom, type RolloutEvent } from './build.ts'
import { judge, lossesOf } from './rollout.ts'

const events = eventsFrom(0, (index) => ({ totalMinor: BigInt(index), voucher: null }))
const [first, ...others] = events
const consumed = (understood: readonly RolloutEvent[], deadLetters: readonly string[] = []) => ({
  understood,
  deadLetters,
  skipped: 0,
})

describe('what is lost between a producer and a consumer', () => {
  it('is nothing when every event arrives, even when the reader knows fewer facts', () => {
    expect(lossesOf(events, consumed(events))).toEqual([])
    const fewer = events.map(({ id, key, version }) => ({ id, key, version }))
    expect(lossesOf(events, consumed(fewer))).toEqual([])
  })

  it('is an event that did not arrive, with the reason', () => {
    expect(lossesOf(events, consumed(others, ['no such field']))).toEqual([
      '1 of 4 did not arrive; 1 became dead letters: no such field',
    ])
    expect(lossesOf(events, { ...consumed(others), skipped: 1 })).toEqual([
      '1 of 4 did not arrive; 1 were skipped and committed',
    ])
  })

  it('is an event that arrived changed, twice, or was never written', () => {
    if (first === undefined) expect.fail()
    for (const change of [{ totalMinor: null }, { totalMinor: 1n }, { more: 'x' }]) {
      expect(lossesOf(events, consumed([{ ...first, ...change }, ...others]))).toEqual([
        'event-0 arrived changed',
      ])
    }
    expect(lossesOf(events, consumed([first, ...events]))).toEqual(['1 arrived twice'])
    expect(lossesOf(others, consumed(events))).toEqual(['event-0 arrived, but was never written'])
  })
})

describe('a rollout', () => {
  const held = { what: 'a step', lost: [] }
  const failed = { what: 'a step', lost: ['an event'] }

  it('holds only when the right order loses nothing and every wrong one does', () => {
    expect(judge([held, held], [failed, failed])).toBe(true)
    expect(judge([held, failed], [failed])).toBe(false)
    expect(judge([held], [failed, held])).toBe(false)
    expect(judge([], [failed])).toBe(false)
    expect(judge([held], [])).toBe(false)
  })
})
