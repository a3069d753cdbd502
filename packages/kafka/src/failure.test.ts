import { describe, expect, test } from 'vitest'
import { HeldError, judgeFailure, TooEarlyError } from './failure.ts'

const failure = (properties: object = {}) =>
  Object.assign(new Error('broken'), { code: 'SOME_CODE' }, properties)
const outage = failure({ retriable: true })
const first = { attempt: 1, ageMs: 0 }
const [DAY_MS, WEEK_MS] = [86_400_000, 604_800_000]

class PaymentNotThere extends TooEarlyError {
  readonly code = 'PAYMENT_NOT_THERE'
  readonly waitsAtMostMs = 60_000
}

class CapturesStopped extends HeldError {
  readonly code = 'CAPTURES_STOPPED'
}

describe('a record whose handler failed', () => {
  test('waits without a bound while somebody holds back what it asks for', () => {
    const held = new CapturesStopped('since noon')
    expect(judgeFailure(held, { attempt: 100_000, ageMs: 10 * WEEK_MS })).toEqual({
      ...{ kind: 'wait', fault: 'held', cause: 'captures-stopped: since noon', delayMs: 2_000 },
    })
  })

  test('goes to the dead letter topic when the record is at fault', () => {
    expect(judgeFailure(failure({ retriable: false }), first)).toEqual({
      kind: 'dead-letter',
      reason: 'some-code',
      detail: 'broken',
      stack: expect.stringContaining('failure.test.ts'),
    })
  })

  test('waits while a dependency is unavailable, never longer than five seconds at a time', () => {
    const waits = { kind: 'wait', fault: 'outage', cause: 'some-code: broken' }
    expect(judgeFailure(outage, first, () => 1)).toEqual({ ...waits, delayMs: 100 })
    const late = { attempt: 10_000, ageMs: DAY_MS }
    expect(judgeFailure(outage, late, () => 1)).toEqual({ ...waits, delayMs: 5_000 })
  })

  test('waits for no outage without a bound, and is never given up at the first tries after a start', () => {
    expect(judgeFailure(outage, { attempt: 999, ageMs: WEEK_MS }).kind).toBe('wait')
    expect(judgeFailure(outage, { attempt: 1_000, ageMs: WEEK_MS - 1 }).kind).toBe('wait')
    expect(judgeFailure(outage, { attempt: 1_000, ageMs: WEEK_MS }).kind).toBe('dead-letter')
  })

  test.each([
    ['unknown error', failure()],
    ['TypeError', new TypeError('x is not a function')],
    ['RangeError', new RangeError('out of range')],
    ['ReferenceError', new ReferenceError('x is not defined')],
    ['value that is no error', 'thrown'],
  ])('gets ten attempts after a bug of ours: %s', (_, error) => {
    expect(judgeFailure(error, { attempt: 9, ageMs: WEEK_MS })).toMatchObject({
      ...{ kind: 'wait', fault: 'bug' },
    })
    expect(judgeFailure(error, { attempt: 10, ageMs: 0 }).kind).toBe('dead-letter')
  })

  test('that came too early waits by its age, for ten attempts at least', () => {
    const early = new PaymentNotThere('no payment')
    expect(judgeFailure(early, { attempt: 35, ageMs: 59_999 })).toMatchObject({
      ...{ kind: 'wait', fault: 'early' },
    })
    expect(judgeFailure(early, { attempt: 9, ageMs: DAY_MS }).kind).toBe('wait')
    expect(judgeFailure(early, { attempt: 10, ageMs: 60_000 })).toMatchObject({
      ...{ kind: 'dead-letter', reason: 'payment-not-there' },
    })
  })

  test('is described by where the error was thrown and its causes, within bounds, without the record’s data', () => {
    const cause = new TypeError('of jane@example.org')
    const error = Object.assign(new Error('x'.repeat(1_000), { cause }), { retriable: false })
    const verdict = judgeFailure(error, first)
    if (verdict.kind !== 'dead-letter') throw new Error('it waits')
    expect(verdict.detail).toHaveLength(500)
    expect(verdict.stack).toMatch(/^Error\n {4}at /)
    expect(verdict.stack).toMatch(/\ncaused by TypeError\n {4}at /)
    expect(verdict.stack).not.toMatch(/jane|xxx/)
    expect(verdict.stack.length).toBeLessThanOrEqual(2_000)
  })
})
