import { setTimeout as delay } from 'node:timers/promises'
import { LogReader, type LogRecord } from '@tenseams/auditor/log-reader'
import type { PolledRecord, Position } from '../../../history/operations.ts'
import type { HistoryRecorder } from '../../../history/recorder.ts'
import { causeOf, WITNESS_INPUT, WITNESS_OUTPUT } from './task.ts'

const EVERY_MS = 500
const READER = 'reader'

/**
 * Reads both topics in the order of their offsets, up to the first record whose transaction is open, as every reader of
 * committed data. It is another client than the one that writes and loops, so that two readers can disagree.
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
    this.#log = new LogReader({ brokers, timeoutMs: 5_000 })
    this.#recorder = recorder
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Causes whose effect has been read. */
  hasEffect(cause: string): boolean {
    return this.#seen.has(cause)
  }

  /** Reads to the ends and says so: whatever is not seen now is not there. */
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
      // The broker may be away just now; what it gave before is kept.
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
      this.#handOver(log, lowest([...open, log.next]))
    }
  }

  #wait(record: LogRecord): void {
    if (record.fate !== 'committed') return
    const place = `${record.topic}-${record.partition}`
    const waiting = this.#waiting.get(place) ?? []
    this.#waiting.set(place, waiting)
    waiting.push(record)
  }

  /** Everything below the last stable offset, in its order. */
  #handOver({ topic, partition }: Omit<Position, 'offset'>, stable: bigint): void {
    const place = `${topic}-${partition}`
    const from = this.#next.get(place) ?? 0n
    if (stable <= from) return
    const waiting = this.#waiting.get(place) ?? []
    const ready = waiting.filter(({ offset }) => offset < stable).sort(byOffset)
    this.#waiting.set(
      place,
      waiting.filter(({ offset }) => offset >= stable),
    )
    this.#next.set(place, stable)
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
