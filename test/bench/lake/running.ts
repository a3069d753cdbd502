import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export type RunningProgram = {
  readonly file: string
  readonly parameters: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Gets all that the program says. */
  readonly logFile: string
}

const STOP_TIMEOUT_MS = 30_000
const LAST_CHARACTERS = 3_000

/** A program that runs beside the bench until it is stopped, and says how it ended when that comes too early. */
export class Running {
  readonly #child: ChildProcess
  readonly #logFile: string
  /** Whoever ends the bench ends what it has started. */
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

  /** Throws when it has ended, with its last words. */
  assertRuns(): void {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) return
    const said = readFileSync(this.#logFile, 'utf8').slice(-LAST_CHARACTERS)
    throw new Error(`a sink has ended (${exitCode ?? signalCode}):\n${said}`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGTERM, and SIGKILL for whoever takes too long. */
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
