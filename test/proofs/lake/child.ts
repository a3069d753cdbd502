import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Arming, Finish, SinkNews, SinkTask, WriterTask } from './task.ts'

const READY_TIMEOUT_MS = 90_000
const STEP_TIMEOUT_MS = 60_000
const END_TIMEOUT_MS = 30_000

function start(program: string, task: object): ChildProcess {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = fork(file, [JSON.stringify(task)], {
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  // It may be killed while a message is sent to it.
  child.on('error', () => undefined)
  return child
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

/** A sink process of the proof. The caller that starts it must end it. */
export class SinkProcess {
  readonly #child: ChildProcess
  readonly #news: SinkNews[] = []

  constructor(task: SinkTask) {
    this.#child = start('sink.ts', task)
    this.#child.on('message', (news: SinkNews) => this.#news.push(news))
  }

  /** How often it has committed. */
  get commits(): number {
    return this.#news.filter(({ news }) => news === 'committed').length
  }

  get hasEnded(): boolean {
    return hasEnded(this.#child)
  }

  async ready(): Promise<void> {
    const isReady = () => this.#news.some(({ news }) => news === 'ready')
    await eventually(isReady, { timeoutMs: READY_TIMEOUT_MS, what: 'a sink to be ready' })
  }

  /** Makes it kill or stop itself the next time it reaches a step; resolves when it has reached it. */
  async reach(arming: Arming, timeoutMs = STEP_TIMEOUT_MS): Promise<void> {
    const since = this.#news.length
    this.#child.send(arming, () => undefined)
    const isThere = () =>
      this.#news.slice(since).some((one) => one.news === 'reached' && one.step === arming.step)
    const waiting = { timeoutMs, what: `a sink at ${arming.step}`, intervalMs: 10 }
    await eventually(isThere, waiting)
    if (arming.by !== 'kill') return
    await eventually(() => this.hasEnded, { ...waiting, what: 'a sink to be dead' })
  }

  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.hasEnded) return
    const gone = once(this.#child, 'exit')
    const force = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS)
    this.#child.kill(signal)
    this.#child.kill('SIGCONT')
    await gone
    clearTimeout(force)
  }
}

/** The writer process of the proof. It begins at once. */
export class WriterProcess {
  readonly #child: ChildProcess

  constructor(task: WriterTask) {
    this.#child = start('writer.ts', task)
  }

  /** Resolves when at least so many records are written. */
  async finish(records: number, timeoutMs: number): Promise<void> {
    const message: Finish = { records }
    this.#child.send(message, () => undefined)
    const isDone = () => hasEnded(this.#child)
    await eventually(isDone, { timeoutMs, what: 'the writer to end' })
    if (this.#child.exitCode !== 0) throw new Error('the writer failed')
  }

  end(): void {
    if (!hasEnded(this.#child)) this.#child.kill('SIGKILL')
  }
}
