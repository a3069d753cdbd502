import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { VerbError } from '@tenseams/cli/errors'
import type { FromGenerator, GeneratorResult, Progress, Task, ToGenerator } from './task.ts'

const START_TIMEOUT_MS = 60_000

/** A generator in a process of its own, from this process's side. */
export class Generator {
  readonly #child: ChildProcess
  readonly #ready = Promise.withResolvers<void>()
  readonly #result = Promise.withResolvers<GeneratorResult>()
  #progress: Progress = { due: 0, answered: 0, failed: 0, inFlight: 0 }

  private constructor(task: Task) {
    const file = join(import.meta.dirname, 'generator-process.ts')
    this.#child = spawn(process.execPath, [file, JSON.stringify(task)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message: FromGenerator) => this.#hear(message))
    this.#child.once('error', (error) => this.#fail(error))
    this.#child.once('exit', (code, signal) =>
      this.#fail(new VerbError(`the generator has ended with ${signal ?? code}`)),
    )
    // Whoever awaits them gets the failure; before that it must not end this process.
    this.#ready.promise.catch(() => undefined)
    this.#result.promise.catch(() => undefined)
  }

  /** @returns a generator that knows the prices and waits for its beginning. @throws VerbError */
  static async open(task: Task): Promise<Generator> {
    const generator = new Generator(task)
    const timer = setTimeout(
      () => generator.#fail(new VerbError('the generator did not begin in time')),
      START_TIMEOUT_MS,
    )
    try {
      await generator.#ready.promise
      return generator
    } catch (error) {
      await generator.close()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get progress(): Progress {
    return this.#progress
  }

  /**
   * Sends the load, once. After an abort nothing more is sent, and the result is of what was measured so far.
   *
   * @param beginMs by `machineMs`, a little later than now.
   */
  async run(beginMs: number, signal: AbortSignal): Promise<GeneratorResult> {
    const end = () => this.#tell({ kind: 'end' })
    signal.addEventListener('abort', end, { once: true })
    try {
      this.#tell({ kind: 'begin', beginMs })
      if (signal.aborted) end()
      return await this.#result.promise
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  /** Ends the process, whatever it does. */
  async close(): Promise<void> {
    const child = this.#child
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  #hear(message: FromGenerator): void {
    if (message.kind === 'ready') this.#ready.resolve()
    if (message.kind === 'progress') this.#progress = message.progress
    if (message.kind === 'result') this.#result.resolve(message.result)
    if (message.kind === 'failed') this.#fail(new VerbError(`the generator: ${message.message}`))
  }

  #tell(message: ToGenerator): void {
    if (this.#child.connected) this.#child.send(message)
  }

  #fail(error: Error): void {
    this.#ready.reject(error)
    this.#result.reject(error)
  }
}
