/**
 * When a connector that has failed is restarted. Kafka Connect never does so by itself: a task that has failed once, because a
 * dependency was away for longer than it retries, stays so until somebody asks for a restart.
 */

/** What is remembered of a connector between two looks, and after a crash. */
export type Watch = {
  /** Restarts since it last ran for `healthyMs`. */
  readonly restarts: number
  /** When it was first seen failed, or last restarted; undefined while nothing is wrong. */
  readonly sinceMs: number | undefined
  /** Since when it has been running. */
  readonly runningSinceMs: number | undefined
  /** Why it failed last. */
  readonly reason: string
  /** It was restarted as often as it may be: now somebody must look. */
  readonly givenUp: boolean
}

/** What Connect says about it; of a paused or stopped one nothing is expected. */
export type Seen = { readonly state: 'running' | 'failed' | 'other'; readonly reason: string }

export type Bounds = {
  readonly firstMs: number
  readonly longestMs: number
  readonly mostRestarts: number
  readonly healthyMs: number
}

/** Eight restarts take about twenty minutes. What fails for longer is not repaired by restarting. */
export const bounds: Bounds = {
  firstMs: 10_000,
  longestMs: 300_000,
  mostRestarts: 8,
  healthyMs: 600_000,
}

export const unwatched: Watch = {
  restarts: 0,
  sinceMs: undefined,
  runningSinceMs: undefined,
  reason: '',
  givenUp: false,
}

export type Decision = { readonly watch: Watch; readonly act: 'nothing' | 'restart' | 'give up' }

/** Decides what is to be done about a connector now. The pause before a restart doubles with each. */
export function decide(watch: Watch, seen: Seen, nowMs: number, within = bounds): Decision {
  if (seen.state === 'other') {
    return { watch: { ...watch, runningSinceMs: undefined }, act: 'nothing' }
  }
  if (seen.state === 'running') return { watch: running(watch, nowMs, within), act: 'nothing' }
  const sinceMs = watch.sinceMs ?? nowMs
  const failed = { ...watch, sinceMs, runningSinceMs: undefined, reason: seen.reason }
  if (watch.restarts >= within.mostRestarts) {
    return { watch: { ...failed, givenUp: true }, act: watch.givenUp ? 'nothing' : 'give up' }
  }
  const pauseMs = Math.min(within.longestMs, within.firstMs * 2 ** watch.restarts)
  if (nowMs - sinceMs < pauseMs) return { watch: failed, act: 'nothing' }
  return { watch: { ...failed, restarts: watch.restarts + 1, sinceMs: nowMs }, act: 'restart' }
}

function running(watch: Watch, nowMs: number, { healthyMs }: Bounds): Watch {
  const runningSinceMs = watch.runningSinceMs ?? nowMs
  const isHealthy = nowMs - runningSinceMs >= healthyMs
  return { ...(isHealthy ? unwatched : watch), runningSinceMs, givenUp: false }
}
