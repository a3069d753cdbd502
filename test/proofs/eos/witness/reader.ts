import { setTimeout as delay } from 'node:timers/promises'
import { LogReader, type LogRecord } from '@tenseams/auditor/log-reader'
import type { PolledRecord, Position } from '../../../history/operations.ts'
import type { HistoryRecorder } from '../../../history/recorder.ts'
import { accessTo } from '../../../support/login.ts'
import { causeOf, WITNESS_INPUT, WITNESS_OUTPUT } from './task.ts'

const EVERY_MS = 500
const READER = 'reader'

/**
 * Reads both topics in the order of their offsets, up to the first record whose transaction is open, like every reader of
 * committed data. It is not the client library that writes and loops, so a fault of either shows as a difference.
 */
export class WitnessReader {
  readonly #log: LogReader
  readonly #recorder: HistoryRecorder
  readonly #waiting = new Map<string, LogRecord[]>()
  readonly #next = new Map<string, bigint>()
  readonly #seen = new Set<string>()
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(brokers: string, recorder: HistoryRecorder) {
    this.#log = new LogReader({ ...accessTo(brokers), timeoutMs: 5_000 })
    this.#recorder = recorder
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Whether the effect of a cause has been read. */
  hasEffect(cause: string): boolean {
    return this.#seen.has(cause)
  }

  /** Reads to the ends and records that: whatever was not read by now does not exist. */
  async finish(): Promise<void> {
    await this.stop()
    await this.#read()
    const positions = this.#log.logs().map(({ topic, partition }) => ({
      ...{ topic, partition, offset: this.#next.get(`${topic}-${partition}`) ?? 0n },
    }))
    this.#recorder.note(READER, { kind: 'final-read', positions })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async close(): Promise<void> {
    await this.stop()
    await this.#log.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // The broker may be unavailable; what was read before is kept.
      await this.#read().catch(() => undefined)
      await delay(EVERY_MS)
    }
  }

  async #read(): Promise<void> {
    await this.#log.readOn([WITNESS_INPUT, WITNESS_OUTPUT], async (records) => {
      for (const record of records) this.#wait(record)
    })
    for (const log of this.#log.logs()) {
      const open = log.open().map(({ offset }) => offset)
      this.#recordStable(log, lowest([...open, log.next]))
    }
  }

  #wait(record: LogRecord): void {
    if (record.fate !== 'committed') return
    const partition = `${record.topic}-${record.partition}`
    const waiting = this.#waiting.get(partition) ?? []
    this.#waiting.set(partition, waiting)
    waiting.push(record)
  }

  /** Records everything below the last stable offset, in order. */
  #recordStable({ topic, partition }: Omit<Position, 'offset'>, stable: bigint): void {
    const name = `${topic}-${partition}`
    const from = this.#next.get(name) ?? 0n
    if (stable <= from) return
    const waiting = this.#waiting.get(name) ?? []
    const ready = waiting.filter(({ offset }) => offset < stable).sort(byOffset)
    this.#waiting.set(
      name,
      waiting.filter(({ offset }) => offset >= stable),
    )
    this.#next.set(name, stable)
    const records = ready.map(polled)
    for (const { cause } of records) if (cause !== undefined) this.#seen.add(cause.value)
    const positions = [{ topic, partition, offset: from }]
    this.#recorder.note(READER, { kind: 'poll', positions, records })
  }
}

function polled({ topic, partition, offset, value }: LogRecord): PolledRecord {
  const text = String(value)
  const cause = topic === WITNESS_OUTPUT ? { cause: causeOf(text) } : {}
  return { topic, partition, offset, value: text, ...cause }
}

const byOffset = (one: LogRecord, other: LogRecord): number => (one.offset < other.offset ? -1 : 1)

function lowest(offsets: readonly bigint[]): bigint {
  let least = offsets[0] ?? 0n
  for (const offset of offsets) if (offset < least) least = offset
  return least
}
