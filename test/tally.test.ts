import { describe, expect, test } from 'vitest'
import { addTallies, closingLine, tallyLane } from './tally.ts'

function report(...files: readonly (readonly [status: string, ...tests: string[]])[]): string {
  return JSON.stringify({
    testResults: files.map(([status, ...tests]) => ({
      name: 'a.test.ts',
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    })),
  })
}

describe('a lane', () => {
  test('is counted test by test', () => {
    const text = report(['passed', 'passed', 'skipped'], ['failed', 'failed', 'passed', 'todo'])
    expect(tallyLane(text, false)).toEqual({ passed: 2, failed: 1, skipped: 2 })
  })

  test('fails once for a file that could not be loaded', () => {
    expect(tallyLane(report(['passed', 'passed'], ['failed']), false)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    })
  })

  test('fails once for a hook that failed, whose tests were passed over', () => {
    const text = report(['failed', 'skipped', 'skipped'])
    expect(tallyLane(text, false)).toEqual({ passed: 0, failed: 1, skipped: 2 })
  })

  test('fails when its process ended badly although all tests passed', () => {
    expect(tallyLane(report(['passed', 'passed']), false).failed).toBe(1)
  })

  test('fails when no test ran', () => {
    expect(tallyLane(report(), true).failed).toBe(1)
    expect(tallyLane(report(['passed', 'skipped']), true).failed).toBe(1)
  })

  test.each([undefined, '', '{', '{}', 'null'])('fails without a report: %s', (text) => {
    expect(tallyLane(text, true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
})

test('the closing line is the sum of all', () => {
  const lane = { passed: 3, failed: 0, skipped: 0 }
  expect(closingLine(addTallies([lane, lane]))).toBe('6 passed, 0 failed')
  expect(closingLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped')
})
