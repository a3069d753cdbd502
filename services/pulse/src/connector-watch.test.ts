import { describe, expect, test } from 'vitest'
import { bounds, decide, type Seen, unwatched, type Watch } from './connector-watch.ts'

const failed: Seen = { state: 'failed', reason: 'the broker was away' }
const running: Seen = { state: 'running', reason: '' }

/** The times, in seconds, at which a connector that never recovers is restarted, looked at each second. */
function restartsWithin(seconds: number): readonly number[] {
  const restarts: number[] = []
  let watch: Watch = unwatched
  for (let second = 0; second < seconds; second += 1) {
    const decision = decide(watch, failed, second * 1_000)
    watch = decision.watch
    if (decision.act === 'restart') restarts.push(second)
  }
  return restarts
}

describe('a connector that has failed', () => {
  test('is restarted after ten seconds, then after pauses that double up to five minutes', () => {
    expect(restartsWithin(7_200)).toEqual([10, 30, 70, 150, 310, 610, 910, 1_210])
  })

  test('is given up after eight restarts, with the reason', () => {
    const tired = { ...unwatched, restarts: bounds.mostRestarts }
    const { act, watch } = decide(tired, failed, 10 ** 9)
    expect([act, watch.givenUp, watch.reason]).toEqual(['give up', true, 'the broker was away'])
    expect(decide(watch, failed, 10 ** 10).act).toBe('nothing')
  })

  test('is not restarted at once when it fails again after a short run', () => {
    const restarted = { ...unwatched, restarts: 3, sinceMs: 0 }
    const ran = decide(restarted, running, 1_000).watch
    expect(decide(ran, failed, 2_000).act).toBe('nothing')
    expect(decide(ran, failed, 80_000)).toMatchObject({ act: 'restart', watch: { restarts: 4 } })
  })

  test('is as new once it has run for ten minutes', () => {
    const restarted = { ...unwatched, restarts: 8, sinceMs: 0 }
    const begun = decide(restarted, running, 0).watch
    expect(decide(begun, running, bounds.healthyMs - 1).watch.restarts).toBe(8)
    expect(decide(begun, running, bounds.healthyMs).watch.restarts).toBe(0)
  })
})

test('a paused or stopped connector is left alone', () => {
  const paused: Seen = { state: 'other', reason: '' }
  expect(decide({ ...unwatched, sinceMs: 0 }, paused, 10 ** 9).act).toBe('nothing')
})
