import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ChunkBounds } from '@tenseams/kafka/chunk'
import type { Side } from './contests.ts'

export type LoopTask = {
  readonly brokers: string
  readonly groupId: string
  readonly input: string
  readonly output: string
  readonly partitions: number
  readonly toAllPartitions: boolean
  readonly side: Exclude<Side, 'nobody'>
  readonly bounds: Partial<ChunkBounds>
}

/** By the name of the request: how many were answered, and how long that took altogether. */
export type RequestCounts = Readonly<
  Record<string, { readonly count: number; readonly waitedMs: number }>
>

/** Since the loop was started. */
export type LoopFigures = {
  readonly handled: number
  /** Transactions, or what stands in their place without them. */
  readonly committed: number
  readonly failed: number
  readonly requests: RequestCounts
}

export type Wish = { readonly id: number } & (
  | { readonly kind: 'start'; readonly task: LoopTask }
  | { readonly kind: 'look' }
  | { readonly kind: 'stop' }
)
type WithoutId<Wished> = Wished extends Wish ? Omit<Wished, 'id'> : never
type Answer = { readonly id: number; readonly figures?: LoopFigures; readonly error?: string }

/** The process of the loops, as seen from the bench. */
export class LoopProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<LoopFigures | undefined>>()
  #last = 0

  constructor() {
    const file = fileURLToPath(new URL('loop-process.ts', import.meta.url))
    this.#child = fork(file, [], { execArgv: ['--disable-warning=TimeoutNegativeWarning'] })
    this.#child.on('message', ({ id, figures, error }: Answer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(figures)
      else waiting?.reject(new Error(error))
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the loop has ended'))
    })
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the loop has no process')
    return this.#child.pid
  }

  async start(task: LoopTask): Promise<void> {
    await this.#ask({ kind: 'start', task })
  }

  async look(): Promise<LoopFigures> {
    const nothing = { handled: 0, committed: 0, failed: 0, requests: {} }
    return (await this.#ask({ kind: 'look' })) ?? nothing
  }

  /** Ends the loop, not the process. */
  async stop(): Promise<void> {
    await this.#ask({ kind: 'stop' })
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  #ask(wish: WithoutId<Wish>): Promise<LoopFigures | undefined> {
    const id = ++this.#last
    const waiting = Promise.withResolvers<LoopFigures | undefined>()
    this.#waiting.set(id, waiting)
    this.#child.send({ ...wish, id })
    return waiting.promise
  }
}
