import { describe, expect, test } from 'vitest'
import { addTallies, closingLine, none, tallySuite } from './tally.ts'

function report(...files: readonly (readonly [status: string, ...tests: string[]])[]): string {
  return JSON.stringify({
    testResults: files.map(([status, ...tests]) => ({
      name: 'a.test.ts',
      status,
      message: 'could not be loaded\n  at a.test.ts:1',
      assertionResults: tests.map((test) => ({
        status: test,
        fullName: `is ${test}`,
        failureMessages: test === 'failed' ? ['expected 1 to be 2\n  at a.test.ts:9'] : [],
      })),
    })),
  })
}

describe('a suite', () => {
  test('is counted test by test', () => {
    const text = report(['passed', 'passed', 'skipped'], ['failed', 'failed', 'passed', 'todo'])
    expect(tallySuite(text, false)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 2,
      failures: ['a.test.ts: is failed: expected 1 to be 2'],
    })
  })

  test('fails once for a file that could not be loaded', () => {
    expect(tallySuite(report(['passed', 'passed'], ['failed']), false)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      failures: ['a.test.ts: could not be loaded'],
    })
  })

  test('fails once for a hook that failed, whose tests were passed over', () => {
    const text = report(['failed', 'skipped', 'skipped'])
    expect(tallySuite(text, false)).toMatchObject({ passed: 0, failed: 1, skipped: 2 })
  })

  test('fails when its process ended badly although all tests passed', () => {
    expect(tallySuite(report(['passed', 'passed']), false).failed).toBe(1)
  })

  test('fails when no test ran', () => {
    expect(tallySuite(report(), true).failed).toBe(1)
    expect(tallySuite(report(['passed', 'skipped']), true).failed).toBe(1)
  })

  test.each([undefined, '', '{', '{}', 'null'])('fails without a report: %s', (text) => {
    expect(tallySuite(text, true)).toMatchObject({ passed: 0, failed: 1, skipped: 0 })
  })
})

test('the closing line is the sum of all', () => {
  const suite = { ...none, passed: 3 }
  expect(closingLine(addTallies([suite, suite]))).toBe('6 passed, 0 failed')
  expect(closingLine({ ...none, passed: 1, failed: 2, skipped: 3 })).toBe(
    '1 passed, 2 failed, 3 skipped',
  )
})
