import { LogConflictError, type RolloutLog } from '@tenseams/rollout/log'
import type { RolloutEvent } from '@tenseams/rollout/machine/states'

import type { Faults } from './faults.ts'

/** A log in memory that can be down. It is what stays when a controller is killed. */
export class MemoryLog implements RolloutLog {
  readonly events: RolloutEvent[] = []
  isDown = false
  readonly #faults: Faults

  constructor(faults: Faults) {
    this.#faults = faults
  }

  read = async (_change: string, afterVersion: number): Promise<readonly RolloutEvent[]> => {
    await this.#faults.point(true)
    this.#mustBeUp()
    return this.events.slice(afterVersion)
  }

  append = async (
    _change: string,
    expectedVersion: number,
    events: readonly RolloutEvent[],
  ): Promise<void> => {
    await this.#faults.point(true)
    this.#mustBeUp()
    if (this.events.length !== expectedVersion) throw new LogConflictError('another was faster')
    this.events.push(...structuredClone(events))
    await this.#faults.point(true)
  }

  #mustBeUp(): void {
    if (this.isDown) throw new Error('the log is down')
  }
}
