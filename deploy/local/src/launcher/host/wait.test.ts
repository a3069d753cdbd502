import { expect, test } from 'vitest'
import { eventually, WaitTimeoutError } from './wait.ts'

test('returns the first result that holds', async () => {
  const answers = [undefined, false, 0]
  const wait = { timeoutMs: 1_000, what: 'an answer', intervalMs: 1 } as const
  expect(await eventually(() => answers.shift(), wait)).toBe(0)
})

test('treats a failing assertion as "not yet"', async () => {
  let count = 0
  const wait = { timeoutMs: 1_000, what: 'three', intervalMs: 1 } as const
  await eventually(() => {
    count += 1
    expect(count).toBe(3)
    return true
  }, wait)
  expect(count).toBe(3)
})

test('gives up after its timeout and reports what it waited for and the last result', async () => {
  const wait = { timeoutMs: 20, what: 'the moon', intervalMs: 1 } as const
  const never = eventually(() => {
    throw new Error('still dark')
  }, wait)
  await expect(never).rejects.toThrow('waited 20 ms for the moon; the last failure was: still dark')
})

test('gives up on a hanging check', async () => {
  const hung = eventually(() => new Promise<boolean>(() => undefined), {
    timeoutMs: 20,
    what: 'nothing',
  })
  await expect(hung).rejects.toBeInstanceOf(WaitTimeoutError)
})
