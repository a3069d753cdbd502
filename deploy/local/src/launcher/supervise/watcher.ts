import { appendFileSync } from 'node:fs'
import { messageOf } from '@tenseams/service/causes'
import type { Component, Context } from '../plan/part.ts'
import { afterDeath, type Restarts, readRestarts, restartsText, writeRestarts } from './restarts.ts'
import { type RunRecord, readRecord, writeRecord } from './run-record.ts'
import { isReady, logFileOf, lookAt, startComponent } from './supervisor.ts'

export type WatcherOptions = {
  readonly components: readonly Component[]
  /** Of the instance as it was started last; asked again before each restart. */
  readonly openContext: () => Promise<Context>
  readonly context: Context
  readonly say: (line: string) => void
  readonly now?: () => number
}

/** What is under way for a component that died: a pause, then a start. */
type Restart = { readonly dueAt: number } | 'starting'

/**
 * Starts a component again that has exited by itself, after a pause that doubles with each death, and gives up after the
 * tenth within half an hour. What was ended on purpose has no run record, or one that says `stopping`, and stays ended; a
 * start that failed is its launcher's to report.
 *
 * ```
 *   ready ──dies──▶ pause ──▶ starting ──▶ ready
 *                     ▲           │dies
 *                     └───────────┤
 *                                 └──tenth death──▶ given up, until somebody starts or stops it
 * ```
 *
 * Its memory is in the instance's run folder, but for the pauses: after a crash of the watcher itself the next one looks
 * again.
 */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #now: () => number
  readonly #restarts = new Map<string, Restart>()
  /** Those whose newest start was ours, so that its failure is ours, too. */
  readonly #own = new Set<string>()

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Looks at each component once, and returns without waiting for those that it starts. */
  async look(signal: AbortSignal): Promise<void> {
    for (const component of this.#options.components) await this.#lookAt(component, signal)
  }

  async #lookAt(component: Component, signal: AbortSignal): Promise<void> {
    const { name } = component
    const { paths } = this.#options.context
    const under = this.#restarts.get(name)
    if (under === 'starting') return
    const state = lookAt(paths, name)
    const record = readRecord(paths, name)
    if (state !== 'failed' || record === undefined) return this.#alive(component, record)
    if (record.phase !== 'ready' && !this.#own.has(name)) return
    const restarts = readRestarts(paths, name)
    if (restarts.gaveUp) return
    if (under === undefined) return this.#noteDeath(name, restarts)
    if (under.dueAt > this.#now()) return
    this.#restarts.set(name, 'starting')
    void this.#start(component, signal).finally(() => this.#restarts.delete(name))
  }

  /** One that was slow to start is ready now, or it has been ended on purpose. */
  async #alive(component: Component, record: RunRecord | undefined): Promise<void> {
    const { name } = component
    const { context } = this.#options
    this.#restarts.delete(name)
    if (record?.phase !== 'starting') this.#own.delete(name)
    else if (this.#own.has(name) && (await isReady(component, context))) {
      writeRecord(context.paths, name, { ...record, phase: 'ready' })
    }
  }

  #noteDeath(name: string, before: Restarts): void {
    const { paths } = this.#options.context
    const now = this.#now()
    const [restarts, plan] = afterDeath(before, now)
    writeRestarts(paths, name, restarts)
    if (plan.kind === 'restart') this.#restarts.set(name, { dueAt: now + plan.afterMs })
    const next =
      plan.kind === 'restart'
        ? `it is started again in ${plan.afterMs / 1_000} s`
        : `it is not started again: read its log, then \`npm run stack -- restart ${name}\``
    this.#tell(name, `has exited by itself (${restartsText(restarts, now)}); ${next}`)
  }

  async #start(component: Component, signal: AbortSignal): Promise<void> {
    const { name } = component
    try {
      this.#own.add(name)
      const context = await this.#options.openContext()
      const isDead = () => lookAt(context.paths, name) === 'failed'
      const readyAfterMs = await startComponent(component, context, signal, isDead)
      this.#tell(name, `runs again, ready after ${(readyAfterMs / 1_000).toFixed(1)} s`)
    } catch (error) {
      // Its next death, if it is one, is seen by the next look.
      const [line] = messageOf(error).split('\n')
      this.#tell(name, `was not started again: ${line}`)
    }
  }

  /** Into its own log as well, where people look first. */
  #tell(name: string, what: string): void {
    const { context, say } = this.#options
    say(`${new Date(this.#now()).toISOString()} ${name} ${what}`)
    const entry = { level: 40, time: this.#now(), service: name, msg: `${name} ${what}` }
    appendFileSync(logFileOf(context.paths, name), `${JSON.stringify(entry)}\n`)
  }
}
