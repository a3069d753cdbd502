import { describe, expect, test } from 'vitest'
import { judgeFailure } from './failure.ts'

const failure = (retriable?: boolean) =>
  Object.assign(
    new Error('broken'),
    { code: 'SOME_CODE' },
    retriable === undefined ? {} : { retriable },
  )

describe('a record whose handler failed', () => {
  test('goes to the dead letter topic when the record is at fault', () => {
    expect(judgeFailure(failure(false), 1)).toEqual({
      kind: 'dead-letter',
      reason: 'some-code',
      detail: 'broken',
      stack: expect.stringContaining('failure.test.ts'),
    })
  })

  test('waits as long as a dependency is unavailable, never longer than five seconds at a time', () => {
    expect(judgeFailure(failure(true), 1, () => 1)).toEqual({ kind: 'wait', delayMs: 100 })
    expect(judgeFailure(failure(true), 10_000, () => 1)).toEqual({ kind: 'wait', delayMs: 5_000 })
  })

  test('does not stop its partition for ever when the kind of failure is unknown', () => {
    expect(judgeFailure(failure(), 9).kind).toBe('wait')
    expect(judgeFailure(failure(), 10).kind).toBe('dead-letter')
  })

  test('is described by where the error was thrown and its causes, within bounds, without the record’s data', () => {
    const cause = new TypeError('of jane@example.org')
    const error = Object.assign(new Error('x'.repeat(1_000), { cause }), { retriable: false })
    const verdict = judgeFailure(error, 1)
    if (verdict.kind !== 'dead-letter') throw new Error('it waits')
    expect(verdict.detail).toHaveLength(500)
    expect(verdict.stack).toMatch(/^Error\n {4}at /)
    expect(verdict.stack).toMatch(/\ncaused by TypeError\n {4}at /)
    expect(verdict.stack).not.toMatch(/jane|xxx/)
    expect(verdict.stack.length).toBeLessThanOrEqual(2_000)
  })
})
