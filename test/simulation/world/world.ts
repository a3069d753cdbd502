import { EventQueue, type Scheduled } from './event-queue.ts'

/**
 * A process of the simulated system, from its start to its end. Code that waits for an answer or a timer when the process
 * is killed waits for ever. Events that come while it is stopped are delivered when it resumes, in their order.
 */
export class Process {
  readonly name: string
  state: 'running' | 'stopped' | 'killed' = 'running'
  readonly held: Scheduled<Process>[] = []

  constructor(name: string) {
    this.name = name
  }
}

/**
 * Virtual time. Events happen one after another, each with all reactions of the promises that it settles, before the clock
 * advances. So a run is one turn of the event loop, and nothing in it depends on the machine.
 *
 * A `process.nextTick` from a promise's reaction runs when no reaction is left (Node's processTicksAndRejections).
 */
export class World {
  now = 0
  /** The process whose code is running, which owns its timers and requests; undefined for a server's code, or the run's. */
  current: Process | undefined
  readonly trace: string[] | undefined
  readonly #queue = new EventQueue<Process>()
  #failure: unknown

  constructor(options: { readonly traced: boolean }) {
    this.trace = options.traced ? [] : undefined
  }

  at(delayMs: number, owner: Process | undefined, run: () => void): Scheduled<Process> {
    return this.#queue.push(this.now + Math.max(0, delayMs), owner, run)
  }

  say(line: () => string): void {
    if (this.trace === undefined) return
    const who = this.current?.name ?? '-'
    this.trace.push(`${String(Math.round(this.now)).padStart(6)} ms  ${who.padEnd(8)} ${line()}`)
  }

  sleep(delayMs: number): Promise<void> {
    const { current } = this
    return new Promise((resolve) => this.at(delayMs, current, resolve))
  }

  resume(process: Process): void {
    if (process.state !== 'stopped') return
    process.state = 'running'
    for (const { run, isCancelled } of process.held.splice(0)) {
      if (!isCancelled) this.at(0, process, run)
    }
  }

  fail(error: unknown): void {
    this.#failure ??= error
  }

  /** Runs events until `done` returns true or the bound is reached. @throws what a server or the run itself threw. */
  async run(boundMs: number, done: () => boolean): Promise<void> {
    await settle()
    while (!done()) {
      if (this.#queue.nextAt > boundMs) {
        this.now = boundMs
        return
      }
      const next = this.#queue.pop()
      if (next === undefined) return
      if (next.isCancelled || next.owner?.state === 'killed') continue
      this.now = next.at
      if (next.owner?.state === 'stopped') {
        next.owner.held.push(next)
        continue
      }
      this.current = next.owner
      next.run()
      await settle()
      this.current = undefined
      if (this.#failure !== undefined) throw this.#failure
    }
  }
}

/** Resolves when no promise reaction is left. */
async function settle(): Promise<void> {
  await Promise.resolve()
  await new Promise<void>((resolve) => process.nextTick(resolve))
}
