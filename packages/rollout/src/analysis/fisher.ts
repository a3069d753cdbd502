import type { Outcomes } from '../reading.ts'

/**
 * How likely it is by chance that the canary has at least as many failures as it has, when both sides fail equally often: Fisher's
 * exact test, one-sided. Exact also where there are few failures, or none.
 */
export function failsMoreByChance(canary: Outcomes, control: Outcomes): number {
  const failed = canary.failed + control.failed
  const total = canary.total + control.total
  const most = Math.min(failed, canary.total)
  const ways = logChoose(total, canary.total)
  let chance = 0
  for (let count = canary.failed; count <= most; count += 1) {
    const rest = canary.total - count
    if (rest > total - failed) continue
    chance += Math.exp(logChoose(failed, count) + logChoose(total - failed, rest) - ways)
  }
  return Math.min(1, chance)
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/** Sums below 256, Stirling's series above, whose error there is below 1e-12. */
function logFactorial(n: number): number {
  if (n < 256) {
    let sum = 0
    for (let factor = 2; factor <= n; factor += 1) sum += Math.log(factor)
    return sum
  }
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3)
}
