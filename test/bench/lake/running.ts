import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export type RunningProgram = {
  readonly file: string
  readonly parameters: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Receives the program's output. */
  readonly logFile: string
}

const STOP_TIMEOUT_MS = 30_000
const LAST_CHARACTERS = 3_000

/** A program that runs beside the bench until it is stopped; when it ends early, its output explains why. */
export class Running {
  readonly #child: ChildProcess
  readonly #logFile: string
  /** Ends with the bench, however that ends. */
  readonly #end = () => this.signal('SIGKILL')

  constructor({ file, parameters, environment, logFile }: RunningProgram) {
    const log = openSync(logFile, 'a')
    const { PATH = '', HOME = '/' } = process.env
    this.#child = spawn(file, [...parameters], {
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#logFile = logFile
    process.once('exit', this.#end)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#child.spawnfile} cannot be run`)
    return this.#child.pid
  }

  /** @throws with its last output when it has ended. */
  assertRuns(): void {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) return
    const said = readFileSync(this.#logFile, 'utf8').slice(-LAST_CHARACTERS)
    throw new Error(`a sink has ended (${exitCode ?? signalCode}):\n${said}`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGTERM, and SIGKILL if it takes too long. */
  async stop(): Promise<void> {
    process.off('exit', this.#end)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    const timer = new AbortController()
    const late = delay(STOP_TIMEOUT_MS, 'late' as const, { signal: timer.signal }).catch(() => '')
    if ((await Promise.race([ended, late])) === 'late') this.signal('SIGKILL')
    timer.abort()
    await ended
  }
}
