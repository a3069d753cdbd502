import { expect, it } from 'vitest'
import { ByteAllowance } from './byte-allowance.ts'

it('refills over time, up to one minute’s worth', () => {
  const allowance = new ByteAllowance(600, 0)
  expect(allowance.left(0)).toBe(600)
  allowance.spend(500)
  expect(allowance.left(10_000)).toBe(200)
  expect(allowance.left(20_000)).toBe(300)
  expect(allowance.left(600_000)).toBe(600)
})

it('is empty until what was overdrawn is refilled, and ignores a clock that goes back', () => {
  const allowance = new ByteAllowance(600, 0)
  allowance.spend(900)
  expect(allowance.left(0)).toBe(0)
  expect(allowance.left(30_000)).toBe(0)
  expect(allowance.left(10_000)).toBe(0)
  expect(allowance.left(20_000)).toBe(100)
})
