import { setTimeout as delay } from 'node:timers/promises'
import type { Place } from '@tenseams/kafka/ownership'
import type { LoopStep } from '@tenseams/kafka/partition-owner'

export type Drill = {
  /** The step at which to pause, each time. */
  readonly pauseAt: LoopStep
  readonly pauseMs: number
  readonly log: { warn(context: object, message: string): void }
}

/** What a drill says in the log when it pauses, and when the transaction of a partition is committed. */
export const drillPauses = 'drill: pause'
export const drillCommitted = 'drill: committed'

/**
 * A partition's owner that is slow at one step, as a busy machine or a long collection of garbage would make it, so that
 * whoever stops or kills the process meets it there. Nothing else is different: slow is what the loop must be able to take.
 */
export function slowAt({ pauseAt, pauseMs, log }: Drill) {
  return async (step: LoopStep, place: Place): Promise<void> => {
    if (step === 'committed') log.warn(place, drillCommitted)
    if (step !== pauseAt) return
    log.warn({ ...place, step, pauseMs }, drillPauses)
    await delay(pauseMs)
  }
}
