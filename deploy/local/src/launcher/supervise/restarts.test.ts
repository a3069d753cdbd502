import { expect, test } from 'vitest'
import { afterDeath, noRestarts, type Restarts, restartsText } from './restarts.ts'

const MINUTE_MS = 60_000

/** Deaths at these minutes, and what was planned after each. */
function deathsAt(...minutes: readonly number[]) {
  let restarts: Restarts = noRestarts
  const plans = minutes.map((minute) => {
    const [after, plan] = afterDeath(restarts, minute * MINUTE_MS)
    restarts = after
    return plan.kind === 'restart' ? plan.afterMs / 1_000 : plan.kind
  })
  return { restarts, plans }
}

test('the pause before a restart doubles up to a minute, and the tenth death is the last', () => {
  expect(deathsAt(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).plans).toEqual([
    ...[1, 2, 4, 8, 16, 32, 60, 60, 60],
    'give up',
  ])
})

test('deaths of more than half an hour ago do not count', () => {
  expect(deathsAt(0, 1, 2, 40, 41).plans).toEqual([1, 2, 4, 1, 2])
  expect(deathsAt(...Array.from({ length: 30 }, (_, at) => at * 10)).restarts.gaveUp).toBe(false)
})

test('people read how often, and the name of it', () => {
  const now = 10 * MINUTE_MS
  expect(restartsText(noRestarts, now)).toBe('')
  expect(restartsText(deathsAt(9).restarts, now)).toBe('1 in 30 min, last 60 s ago')
  expect(restartsText(deathsAt(7, 8, 9).restarts, now)).toMatch(/^crash loop: 3 in 30 min/)
  expect(restartsText(deathsAt(7, 8, 9).restarts, 60 * MINUTE_MS)).toBe('')
  const gaveUp = deathsAt(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).restarts
  expect(restartsText(gaveUp, now)).toMatch(/^crash loop, given up: 10 in 30 min/)
})
