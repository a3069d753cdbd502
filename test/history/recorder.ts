import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Body, BodyOf, Kind, Outcome, Phase } from './operations.ts'
import { count, isRaw } from './parse.ts'
import { readHistory } from './read.ts'

type Completion<One extends Kind> = Partial<Omit<BodyOf<One>, 'kind'>>

/** An operation under way. Call one of the three, once; without a call its outcome is unknown. */
export type Recording<One extends Kind> = Readonly<
  Record<Outcome, (completion?: Completion<One>) => void>
>

export type RecorderOptions = {
  /** How many completions may be buffered; 256 by default. */
  readonly maxBufferedEvents?: number
  /** A monotonic clock that all processes of the machine share: CLOCK_MONOTONIC. */
  readonly nowUs?: () => number
}

const DEFAULT_MAX_BUFFERED_EVENTS = 256

/**
 * Writes operations as JSON lines. Each process has a recorder and a file of its own; the files are merged when they are
 * judged.
 *
 * Before `invoke` returns, it and all that was recorded before it are with the operating system: a SIGKILL loses no
 * invocation, and no completion that another operation of this process follows. A lost completion is an unknown
 * outcome, and a lost poll had no effect. (Nothing is synced to disk, so a power failure loses more.)
 *
 * An existing file is continued: a truncated last line is removed, and every process in it counts as crashed.
 */
export class HistoryRecorder {
  readonly #file: number
  readonly #maxBufferedEvents: number
  readonly #nowUs: () => number
  #buffer: string[] = []
  #nextIndex = 0
  #lastUs = 0
  #isOpen = true

  constructor(path: string, options: RecorderOptions = {}) {
    this.#maxBufferedEvents = options.maxBufferedEvents ?? DEFAULT_MAX_BUFFERED_EVENTS
    this.#nowUs = options.nowUs ?? (() => Number(process.hrtime.bigint() / 1_000n))
    this.#file = openSync(path, 'a')
    try {
      this.#goOn(path)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /** Call it before the operation is requested. */
  invoke<One extends Kind>(
    client: string,
    body: { readonly kind: One } & BodyOf<One>,
  ): Recording<One> {
    const of = this.#record(client, 'invoke', body)
    this.flush()
    const end = (outcome: Outcome) => (completion?: Completion<One>) => {
      this.#record(client, outcome, { kind: body.kind, of, ...completion })
    }
    return { ok: end('ok'), fail: end('fail'), unknown: end('unknown') }
  }

  /** Records something that took no time: a delivered batch, a seek, a crash. */
  note(client: string, body: Body): void {
    this.#record(client, 'ok', body)
  }

  flush(): void {
    if (this.#buffer.length === 0) return
    const bytes = Buffer.from(this.#buffer.join(''))
    this.#buffer = []
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file, bytes, written)
    }
  }

  /** Later completions are not recorded: their outcome stays unknown. */
  close(): void {
    if (!this.#isOpen) return
    this.flush()
    this.#isOpen = false
    closeSync(this.#file)
  }

  #record(client: string, phase: Phase, fields: object): number {
    const index = this.#nextIndex
    if (!this.#isOpen) return index
    this.#nextIndex += 1
    this.#lastUs = Math.max(this.#lastUs, this.#nowUs())
    const event = { index, timeUs: this.#lastUs, process: client, phase, ...fields }
    this.#buffer.push(`${JSON.stringify(event, offsetsAsText)}\n`)
    if (this.#buffer.length > this.#maxBufferedEvents) this.flush()
    return index
  }

  #goOn(path: string): void {
    const content = readFileSync(path)
    const whole = content.subarray(0, content.lastIndexOf('\n') + 1)
    ftruncateSync(this.#file, whole.length)
    const lines = whole.toString().split('\n')
    const { operations } = readHistory(lines)
    const last: unknown = JSON.parse(lines.at(-2) ?? '{}')
    if (isRaw(last) && lines.length > 1) {
      this.#nextIndex = count(last, 'index') + 1
      this.#lastUs = count(last, 'timeUs')
    }
    for (const client of new Set(operations.map((operation) => operation.process))) {
      this.note(client, { kind: 'crash' })
    }
    this.flush()
  }
}

const offsetsAsText = (_field: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value
