import { hash } from 'node:crypto'

/**
 * Whether a key is among so many in a hundred. Stable: the same key is always answered the same. Monotone: who is in at 10 % stays in at
 * 50 %, so nobody goes back and forth while the share grows. The change's name is part of the hash, so that the first hundredth
 * of one change is another one than the first hundredth of the next.
 */
export function isInCohort(change: string, key: string, percent: number): boolean {
  return bucketOf(change, key) < percent * 100
}

/** From 0 to 9 999: hundredths of a percent. 2³² is no multiple of that, which favours some buckets by one in 400 000. */
function bucketOf(change: string, key: string): number {
  return Number.parseInt(hash('sha256', `${change}:${key}`).slice(0, 8), 16) % 10_000
}
