import { describe, expect, test } from 'vitest'
import { type Fault, Faults } from './faults.ts'

const fail: Fault = { kind: 'fail', every: 3 }
const slow: Fault = { kind: 'slow', every: 1, delayMs: 10 }

const withFaults = (...on: readonly Fault[]): Faults => {
  const faults = new Faults()
  faults.replace(on)
  return faults
}

const met = (faults: Faults, times: number) =>
  Array.from({ length: times }, () => [...faults.next('authorise').keys()])

describe('a fault of the provider', () => {
  test('happens to every n-th request', () => {
    expect(met(withFaults(fail), 6)).toEqual([[], [], ['fail'], [], [], ['fail']])
  })

  test('can be combined with others', () => {
    expect(met(withFaults(fail, slow), 3).at(-1)).toEqual(['fail', 'slow'])
  })

  test('can be limited to one kind of request, and counts only those', () => {
    const faults = withFaults({ kind: 'fail', every: 2, operation: 'capture' })
    const seen = (['capture', 'authorise', 'capture'] as const).map((one) => faults.next(one).size)
    expect(seen).toEqual([0, 0, 1])
  })

  test('is counted from when it was set, and ends when it is removed', () => {
    const faults = withFaults(fail)
    met(faults, 2)
    faults.replace([fail])
    expect(met(faults, 3).map(({ length }) => length)).toEqual([0, 0, 1])
    faults.replace([])
    expect(met(faults, 3).flat()).toEqual([])
  })
})
