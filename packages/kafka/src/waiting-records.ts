import { type Failing, judgeFailure, pauseMs, type Verdict } from './failure.ts'

/** A record whose handler failed. */
export type FailedRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** Milliseconds since 1970, by its writer's clock. */
  readonly timestampMs: number
}

type DeadLetterVerdict = Extract<Verdict, { readonly kind: 'dead-letter' }>

type Waiting = {
  readonly offset: string
  readonly attempt: number
  readonly firstFailedAt: number
  /** Why, when a dependency is to blame. */
  readonly outage: string | undefined
}

/**
 * The records that a reader could not handle yet, at most one a partition, since the next ones wait behind it. It counts
 * their attempts, and says which dependency keeps them waiting.
 */
export class WaitingRecords {
  readonly #waiting = new Map<string, Waiting>()
  /** Verdicts by offset, since the record may be fetched again before its dead letter is durable. */
  readonly #condemned = new Map<string, Map<string, DeadLetterVerdict>>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Counts the failure and says what to do. A record that becomes a dead letter waits no more. */
  judge(record: FailedRecord, error: unknown): Verdict {
    const key = keyOf(record)
    const condemned = this.#condemned.get(key)?.get(record.offset)
    if (condemned !== undefined) return condemned
    const known = this.#waiting.get(key)
    const before = known?.offset === record.offset ? known : undefined
    const attempt = (before?.attempt ?? 0) + 1
    const firstFailedAt = before?.firstFailedAt ?? this.#now()
    const verdict = judgeFailure(error, this.#failing(record, attempt, firstFailedAt))
    if (verdict.kind === 'dead-letter') this.#condemn(key, record.offset, verdict)
    else {
      const outage = verdict.fault === 'outage' ? verdict.cause : undefined
      this.#waiting.set(key, { offset: record.offset, attempt, firstFailedAt, outage })
    }
    return verdict
  }

  /** Something else than the record's own work has failed, such as its dead letter: an outage, whatever it is. */
  hold(
    record: FailedRecord,
    what: string,
    error: unknown,
  ): Extract<Verdict, { readonly kind: 'wait' }> {
    const key = keyOf(record)
    const known = this.#waiting.get(key)
    const before = known?.offset === record.offset ? known : undefined
    const attempt = (before?.attempt ?? 0) + 1
    const outage = `${what}: ${error instanceof Error ? error.message : String(error)}`
    const firstFailedAt = before?.firstFailedAt ?? this.#now()
    this.#waiting.set(key, { offset: record.offset, attempt, firstFailedAt, outage })
    return { kind: 'wait', fault: 'outage', delayMs: pauseMs(attempt), cause: outage }
  }

  /** How often the record that waits in that partition has failed. */
  attemptsOf(topicPartition: Pick<FailedRecord, 'topic' | 'partition'>): number {
    return this.#waiting.get(keyOf(topicPartition))?.attempt ?? 0
  }

  /** The partition goes on behind everything that was judged. */
  passed(topicPartition: Pick<FailedRecord, 'topic' | 'partition'>): void {
    this.#forget(keyOf(topicPartition))
  }

  /** Forgets the partitions that another member has now. */
  keep(assignment: Readonly<Record<string, readonly number[]>>): void {
    const own = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => keyOf({ topic, partition })),
      ),
    )
    for (const key of [...this.#waiting.keys(), ...this.#condemned.keys()]) {
      if (!own.has(key)) this.#forget(key)
    }
  }

  /** Throws while a dependency keeps a record waiting, and names the partition and the cause. */
  assertNoOutage(): void {
    for (const [key, { offset, attempt, outage }] of this.#waiting) {
      if (outage === undefined) continue
      throw new Error(`${key} waits at offset ${offset} since ${attempt} attempts: ${outage}`)
    }
  }

  #condemn(key: string, offset: string, verdict: DeadLetterVerdict): void {
    this.#waiting.delete(key)
    const known = this.#condemned.get(key) ?? new Map<string, DeadLetterVerdict>()
    this.#condemned.set(key, known.set(offset, verdict))
  }

  #forget(key: string): void {
    this.#waiting.delete(key)
    this.#condemned.delete(key)
  }

  /** A writer's clock may be wrong, so the time since the first failure counts as well. */
  #failing({ timestampMs }: FailedRecord, attempt: number, firstFailedAt: number): Failing {
    const now = this.#now()
    const byItsClock = Number.isFinite(timestampMs) ? now - timestampMs : 0
    return { attempt, ageMs: Math.max(byItsClock, now - firstFailedAt) }
  }
}

const keyOf = ({ topic, partition }: Pick<FailedRecord, 'topic' | 'partition'>) =>
  `${topic}-${partition}`
