import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { checkHistory, type Judgement } from '../../../history/check.ts'
import { linesOf } from '../../../history/read.ts'
import { HistoryRecorder } from '../../../history/recorder.ts'
import { newTopic } from '../../../support/kafka.ts'
import { openKafka } from '../../../support/login.ts'
import { WitnessReader } from './reader.ts'
import {
  PARTITIONS,
  WITNESS_GROUP,
  WITNESS_INPUT,
  WITNESS_OUTPUT,
  type WitnessTask,
} from './task.ts'
import { Writers } from './writers.ts'

export type WitnessOptions = {
  readonly brokers: string
  /** Where the histories are written. Those of an earlier witness are removed. */
  readonly folder: string
  readonly guarded?: boolean
}

const CLIENTS = 'clients'
const CATCH_UP_TIMEOUT_MS = 180_000

/**
 * Our Kafka clients on topics of their own, under the same faults as the system. They record each request and its
 * response: two writers, two processes of the transactional loop in one group, and a reader. Their histories are checked
 * afterwards, as Jepsen checks Kafka's clients.
 */
export class Witness {
  readonly loops = ['loop-a', 'loop-b'] as const
  readonly #options: WitnessOptions
  readonly #recorder: HistoryRecorder
  readonly #writers: Writers
  readonly #reader: WitnessReader
  readonly #children = new Map<string, ChildProcess>()

  private constructor(options: WitnessOptions) {
    this.#options = options
    this.#recorder = new HistoryRecorder(this.#fileOf(CLIENTS))
    this.#writers = new Writers(options.brokers, this.#recorder)
    this.#reader = new WitnessReader(options.brokers, this.#recorder)
  }

  /** Creates the topics and starts every client. */
  static async start(options: WitnessOptions): Promise<Witness> {
    rmSync(options.folder, { recursive: true, force: true })
    mkdirSync(options.folder, { recursive: true })
    const admin = openKafka({ brokers: options.brokers, clientId: 'witness' }).admin()
    await admin.connect()
    for (const topic of [WITNESS_INPUT, WITNESS_OUTPUT]) await newTopic(admin, topic, PARTITIONS)
    await admin.disconnect()
    const witness = new Witness(options)
    for (const loop of witness.loops) await witness.restart(loop)
    witness.#writers.start()
    witness.#reader.start()
    return witness
  }

  /** Kills the process if it runs, and starts it. */
  async restart(loop: string): Promise<void> {
    await this.kill(loop)
    const { brokers, guarded = true } = this.#options
    const file = fileURLToPath(new URL('loop.ts', import.meta.url))
    const historyFile = this.#fileOf(loop)
    const task: WitnessTask = { brokers, worker: loop, historyFile, guarded }
    const parameters = ['--disable-warning=TimeoutNegativeWarning', file, JSON.stringify(task)]
    this.#children.set(loop, spawn(process.execPath, parameters, { stdio: 'inherit' }))
  }

  async kill(loop: string): Promise<void> {
    const child = this.#children.get(loop)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  pause(loop: string): void {
    this.#children.get(loop)?.kill('SIGSTOP')
  }

  resume(loop: string): void {
    this.#children.get(loop)?.kill('SIGCONT')
  }

  /**
   * Stops the writers, waits until the last values have their effects, reads everything, and checks the histories.
   *
   * @throws WaitTimeoutError when the loops do not process the last values in time.
   */
  async judge(): Promise<Judgement> {
    await this.#writers.stop()
    const isWritten = { timeoutMs: CATCH_UP_TIMEOUT_MS, what: 'the last values to be written' }
    const last = await eventually(() => this.#writers.writeLast(), isWritten)
    const areDone = () => last.every((value) => this.#reader.hasEffect(value))
    const what = 'the witness’s loops to process the last values'
    await eventually(areDone, { timeoutMs: CATCH_UP_TIMEOUT_MS, what })
    await this.#reader.finish()
    this.#recorder.note(CLIENTS, {
      ...{ kind: 'expect', from: WITNESS_INPUT, to: WITNESS_OUTPUT, group: WITNESS_GROUP },
    })
    await this.close()
    const files = [CLIENTS, ...this.loops].map((name) => this.#fileOf(name))
    return checkHistory(...files.map((file) => linesOf(readFileSync(file, 'utf8'))))
  }

  /** Kills the loops and closes the other clients. */
  async close(): Promise<void> {
    await Promise.all(this.loops.map((loop) => this.kill(loop)))
    await this.#writers.stop()
    await this.#reader.close()
    this.#recorder.close()
  }

  #fileOf(client: string): string {
    return join(this.#options.folder, `${client}.jsonl`)
  }
}
