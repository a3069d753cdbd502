import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { LoopStep } from '@tenseams/kafka/partition-owner'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Context } from '@tenseams/local/launcher/plan/part'
import { componentOf, type Stack } from '@tenseams/local/launcher/supervise/stack'
import { committedMessage, pausedMessage } from '../../../faults/fulfilment/slow-step.ts'

/** The outcome of an owner's transaction. */
export type Decided = 'committed' | 'fenced' | 'aborted'

/** The step at which a process is slow, and for how long. */
export type Slow = { readonly at: LoopStep; readonly ms: number }

type Line = { readonly msg: string; readonly partition: number; readonly outcome?: Decided }

/** Longer than the proof, so that the guard ends a transaction and not the broker's timeout. */
const TRANSACTION_TIMEOUT_MS = 300_000
/** The minimum that the broker accepts: the proof waits for it whenever an owner is stopped or killed. */
const SESSION_TIMEOUT_MS = 6_000
const START_TIMEOUT_MS = 90_000
const END_TIMEOUT_MS = 20_000

/**
 * A second process of fulfilment beside the instance's own: the same program with the same settings, so that one of them
 * takes over from the other. It is slow at one step when it is to be stopped or killed there. Whoever starts it ends it.
 */
export class FulfilmentProcess {
  readonly #child: ChildProcess
  readonly #lines: Line[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    process.once('exit', () => child.kill('SIGKILL'))
    if (child.stdout === null) throw new Error('the output of the process is not piped')
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{')) this.#lines.push(JSON.parse(line) as Line)
    })
  }

  /** Resolves when it is a member of the group. */
  static async start({ context }: Stack, slow?: Slow): Promise<FulfilmentProcess> {
    const {
      file,
      arguments: parameters,
      environment,
    } = await componentOf('fulfilment').command(slow ? withSlowEntry(context) : context)
    const port = await freePort()
    const child = spawn(file, parameters, {
      env: {
        PATH: process.env.PATH,
        ...environment,
        PORT: String(port),
        SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
        TRANSACTION_TIMEOUT_MS: String(TRANSACTION_TIMEOUT_MS),
        ...(slow && { PAUSE_AT: slow.at, PAUSE_MS: String(slow.ms) }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const started = new FulfilmentProcess(child)
    const isReady = async () => {
      const signal = AbortSignal.timeout(2_000)
      return (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })).ok
    }
    try {
      await eventually(isReady, { timeoutMs: START_TIMEOUT_MS, what: 'the second fulfilment' })
    } catch (error) {
      await started.end('SIGKILL')
      throw error
    }
    return started
  }

  /** How many lines it has written: a mark from which later lines count. */
  get told(): number {
    return this.#lines.length
  }

  /** Resolves when it pauses in a partition. @param partitions only these @param since a mark */
  async pauses(partitions?: readonly number[], since = 0): Promise<number> {
    const found = () =>
      this.#lines.slice(since).findLast(({ msg, partition }) => {
        return msg === pausedMessage && (partitions === undefined || partitions.includes(partition))
      })?.partition
    return eventually(found, { timeoutMs: 90_000, what: 'the slow step', intervalMs: 10 })
  }

  /**
   * Resolves inside of a transaction of a partition in which it has committed two others, with that partition. Two,
   * because the records of the second were fetched before the first pause, and may be few.
   */
  async isInside(): Promise<number> {
    const since = this.told
    const partition = await this.pauses(undefined, since)
    const committed = () => {
      const lines = this.#after(since, partition).filter(({ msg }) => msg === committedMessage)
      return lines.length >= 2
    }
    await eventually(committed, { timeoutMs: 90_000, what: 'two commits', intervalMs: 10 })
    return this.pauses([partition], this.told)
  }

  /** Partitions with an open transaction. */
  undecided(): readonly number[] {
    const last = new Map(this.#lines.filter(isStep).map(({ partition, msg }) => [partition, msg]))
    return [...last].filter(([, msg]) => msg === pausedMessage).map(([partition]) => partition)
  }

  /** The outcomes of these partitions' transactions, the first of each after the mark. */
  async decides(partitions: readonly number[], since: number): Promise<readonly Decided[]> {
    const decisions = () =>
      partitions.flatMap((partition) => {
        const line = this.#after(since, partition).find(({ msg }) => msg !== pausedMessage)
        return line === undefined ? [] : [line.outcome ?? ('committed' as const)]
      })
    const areAll = () => (decisions().length === partitions.length ? decisions() : undefined)
    return eventually(areAll, {
      timeoutMs: 90_000,
      what: 'the old owner to continue',
      intervalMs: 20,
    })
  }

  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it; kills it after 20 s. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const force = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS)
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    this.#child.kill('SIGCONT')
    await gone
    clearTimeout(force)
  }

  #after(mark: number, partition: number): readonly Line[] {
    return this.#lines.slice(mark).filter((line) => isStep(line) && line.partition === partition)
  }
}

/** Every faulty fulfilment can be slow; where the instance runs its own, the variant with all guards can. */
function withSlowEntry(context: Context): Context {
  const entryFiles = {
    fulfilment: 'test/faults/fulfilment/slow.ts',
    ...context.settings.entryFiles,
  }
  return { ...context, settings: { ...context.settings, entryFiles } }
}

const isStep = ({ msg }: Line): boolean =>
  msg === pausedMessage || msg === committedMessage || msg === 'transaction failed'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
