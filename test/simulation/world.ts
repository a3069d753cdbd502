import { EventQueue, type Scheduled } from './event-queue.ts'

/**
 * A process of the simulated system, from its start to its end. What waits for an answer or a timer when it is killed
 * waits for ever; what comes while it is stopped is handed over when it goes on, in the order in which it came.
 */
export class Process {
  readonly name: string
  state: 'running' | 'stopped' | 'killed' = 'running'
  readonly held: Scheduled[] = []

  constructor(name: string) {
    this.name = name
  }
}

/**
 * Virtual time. Events happen one after another, each with all the promises it fulfils, before the clock moves: so a
 * run is one turn of the event loop, and nothing in it depends on the machine.
 *
 * `process.nextTick`, asked for inside a promise's reaction, comes when no reaction is left (Node's
 * processTicksAndRejections).
 */
export class World {
  now = 0
  /** Whose code is running: its timers and requests are its own. Undefined: a server's, or the run's. */
  current: Process | undefined
  readonly trace: string[] | undefined
  readonly #queue = new EventQueue()
  #failure: unknown

  constructor(options: { readonly traced: boolean }) {
    this.trace = options.traced ? [] : undefined
  }

  at(delayMs: number, owner: Process | undefined, run: () => void): Scheduled {
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

  /** Lets things happen until `done` says so, or until the bound. @throws what a server or the run itself threw. */
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

/** Resolves when no reaction of a promise is left. */
async function settle(): Promise<void> {
  await Promise.resolve()
  await new Promise<void>((resolve) => process.nextTick(resolve))
}
