import { describe, expect, test } from 'vitest'
import { type Fault, Faults, faultsAt } from './faults.ts'

const fail: Fault = { kind: 'fail', every: 3 }
const slow: Fault = { kind: 'slow', every: 1, delayMs: 10 }

describe('a fault of the provider', () => {
  test('happens to every how many-th charge it was told to', () => {
    const failing = [1, 2, 3, 4, 5, 6].filter((charge) => faultsAt([fail], charge).has('fail'))
    expect(failing).toEqual([3, 6])
  })

  test('may come with others', () => {
    expect([...faultsAt([fail, slow], 3).keys()]).toEqual(['fail', 'slow'])
  })

  test('is counted from when it was set, and ends when it is taken back', () => {
    const faults = new Faults()
    faults.next()
    faults.replace([fail])
    expect([faults.next(), faults.next(), faults.next()].map((met) => met.size)).toEqual([0, 0, 1])
    faults.replace([])
    expect([faults.next(), faults.next(), faults.next()].map((met) => met.size)).toEqual([0, 0, 0])
  })
})
