import { setTimeout as delay } from 'node:timers/promises'
import { type LoopStep, loopSteps } from '@tenseams/kafka/partition-owner'
import type { TransactionalLoopOptions } from '@tenseams/kafka/transactional-loop'
import { readSettings } from '@tenseams/service/settings'
import { Type } from 'typebox'

const schema = Type.Object({
  /** The step at which the owner of a partition pauses, each time. Without it, it never does. */
  PAUSE_AT: Type.Optional(Type.Enum([...loopSteps])),
  PAUSE_MS: Type.Integer({ default: 5_000, minimum: 1, maximum: 60_000 }),
})

/** What is printed when a step begins to be slow, and when the transaction of a partition is committed. */
export const pausedMessage = 'paused at a slow step'
export const committedMessage = 'committed'

/**
 * Makes the owner of a partition slow at one step, as a busy machine or a long garbage collection would, so that whoever
 * stops or kills the process meets it there. Nothing else differs: the loop must tolerate slowness.
 */
export function slowStep(): NonNullable<TransactionalLoopOptions['onStep']> {
  const { PAUSE_AT, PAUSE_MS } = readSettings(schema)
  if (PAUSE_AT === undefined) return () => undefined
  return async (step: LoopStep, partition) => {
    if (step === 'committed') print({ ...partition, msg: committedMessage })
    if (step !== PAUSE_AT) return
    print({ ...partition, msg: pausedMessage, step, pauseMs: PAUSE_MS })
    await delay(PAUSE_MS)
  }
}

/** Among the log lines of the service, which are JSON as well. Written at once, so that a kill loses none. */
const print = (line: object): void => console.log(JSON.stringify(line))
