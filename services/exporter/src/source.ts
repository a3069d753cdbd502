import { withTimeout } from '@tenseams/service/timeout'
import type { GaugeName, LabelsOf } from '@tenseams/telemetry/instruments'
import type { Log } from '@tenseams/telemetry/log'

/** One value of a gauge. */
export type Sample = {
  readonly [Name in GaugeName]: readonly [name: Name, labels: LabelsOf<Name>, value: number]
}[GaugeName]

export type SourceName = LabelsOf<'tenseams_exporter_source_up'>['source']

/** Somebody who is asked at a scrape. */
export type Source = {
  readonly name: SourceName
  /** The gauges that its answer has. */
  readonly gauges: readonly GaugeName[]
  /** How long an answer is shown again; 0 asks at every scrape. */
  readonly keptMs: number
  /** @param signal is aborted when nobody waits any more. */
  readonly ask: (signal: AbortSignal) => Promise<readonly Sample[]>
}

export type Answer = {
  readonly samples: readonly Sample[]
  readonly isUp: boolean
  readonly seconds: number
}

type SourceLog = Pick<Log, 'info' | 'warn'>

/** In milliseconds. */
export type Bounds = {
  /** How long a question may take, and how old an answer may get while the next one is awaited. */
  readonly askMs: number
  /** How long a scrape waits without one: below Prometheus' limit of 5 s, beyond which all sources would be missing. */
  readonly waitMs: number
  /** How long it waits while there is an answer that may be shown again. */
  readonly patienceMs: number
}

export const defaultBounds: Bounds = { askMs: 10_000, waitMs: 4_000, patienceMs: 500 }

/**
 * The answers of one source. All readers of one scrape, and scrapes at the same time, share one question. While a slow source
 * is being asked, its last answer is shown again for a few seconds. When the source does not answer, it has no samples: an old
 * value would look like a healthy one.
 */
export class Answers {
  readonly #source: Source
  readonly #log: SourceLog
  readonly #bounds: Bounds
  #underWay: Promise<Answer> | undefined
  #last: { readonly answer: Answer; readonly atMs: number } | undefined

  constructor(source: Source, log: SourceLog, bounds: Bounds = defaultBounds) {
    this.#source = source
    this.#log = log
    this.#bounds = bounds
  }

  get name(): SourceName {
    return this.#source.name
  }

  /** Never throws. */
  async current(): Promise<Answer> {
    const kept = this.#lastWithin(this.#source.keptMs)
    if (kept !== undefined) return kept
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = undefined
    })
    const { askMs, waitMs, patienceMs } = this.#bounds
    const last = this.#lastWithin(askMs)
    if (last?.isUp === true) return withTimeout(this.#underWay, patienceMs).catch(() => last)
    const noAnswerYet = { samples: [], isUp: false, seconds: waitMs / 1_000 }
    return withTimeout(this.#underWay, waitMs).catch(() => noAnswerYet)
  }

  #lastWithin(ms: number): Answer | undefined {
    const isYoung = this.#last !== undefined && performance.now() - this.#last.atMs < ms
    return isYoung ? this.#last?.answer : undefined
  }

  async #ask(): Promise<Answer> {
    const begunMs = performance.now()
    const seconds = () => (performance.now() - begunMs) / 1_000
    try {
      const { askMs } = this.#bounds
      const asked = this.#source.ask(AbortSignal.timeout(askMs))
      const samples = await withTimeout(asked, askMs)
      return this.#keep({ samples, isUp: true, seconds: seconds() })
    } catch (error) {
      if (this.#last?.answer.isUp !== false) {
        this.#log.warn({ source: this.name, err: error }, 'the source does not answer')
      }
      return this.#keep({ samples: [], isUp: false, seconds: seconds() })
    }
  }

  #keep(answer: Answer): Answer {
    if (answer.isUp && this.#last?.answer.isUp === false) {
      this.#log.info({ source: this.name }, 'the source answers again')
    }
    this.#last = { answer, atMs: performance.now() }
    return answer
  }
}

/** A sample for each state: 1 for the one that holds, 0 for the others, so that a rule may ask for any of them. */
export function oneOf<State extends string>(
  states: readonly State[],
  current: State,
): readonly (readonly [state: State, value: 0 | 1])[] {
  return states.map((state) => [state, state === current ? 1 : 0] as const)
}
