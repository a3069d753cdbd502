import { AsyncLocalStorage } from 'node:async_hooks'

/** The controller's process has ended. */
export class Killed extends Error {
  readonly code = 'KILLED'
}

type Process = { isDead: boolean }
type Fault = { readonly after: number; readonly what: 'kill' | 'freeze' }

/**
 * Kills or freezes a controller at one of the points at which it touches the world, before or after the touch. A killed one touches
 * nothing any more; a frozen one goes on later, when another has taken over.
 */
export class Faults {
  readonly #running = new AsyncLocalStorage<Process>()
  #fault: Fault | undefined
  #frozen: (() => void)[] = []
  #underWay: Promise<unknown>[] = []
  #onFreeze: () => void = () => undefined

  /** At the so-manieth point from now. */
  plan(after: number, what: Fault['what']): void {
    this.#fault = { after, what }
  }

  /** Runs one process until it ends, is killed, or is frozen. Whether it has ended by itself. */
  async run(work: () => Promise<unknown>): Promise<'ended' | 'failed' | 'frozen'> {
    const { promise: freezing, resolve } = Promise.withResolvers<'frozen'>()
    this.#onFreeze = () => resolve('frozen')
    const ended = this.#running.run({ isDead: false }, work).then(
      () => 'ended' as const,
      () => 'failed' as const,
    )
    this.#underWay.push(ended)
    return Promise.race([ended, freezing])
  }

  /** @param mayFreeze false where nothing but the process itself keeps a late call from acting. */
  async point(mayFreeze: boolean): Promise<void> {
    const process = this.#running.getStore()
    if (process?.isDead) throw new Killed()
    const fault = this.#fault
    if (fault === undefined) return
    if (fault.after > 0) {
      this.#fault = { ...fault, after: fault.after - 1 }
    } else if (fault.what === 'kill') {
      this.#fault = undefined
      if (process !== undefined) process.isDead = true
      throw new Killed()
    } else if (mayFreeze) {
      this.#fault = undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#frozen.push(resolve)
      this.#onFreeze()
      await promise
    }
  }

  /** Lets those go on that are frozen, and waits until they have ended. */
  async thaw(): Promise<void> {
    this.#fault = undefined
    for (const resume of this.#frozen.splice(0)) resume()
    await Promise.all(this.#underWay.splice(0))
  }
}
