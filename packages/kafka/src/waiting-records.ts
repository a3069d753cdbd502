import { type Failing, HeldError, judgeFailure, pauseMs, type Verdict } from './failure.ts'

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
  readonly attempt: number
  readonly firstFailedAt: number
  /** Why, when a dependency is to blame. */
  readonly outage: string | undefined
}

/** What is known of one partition's failed records, by offset. */
type Failures = {
  readonly waiting: Map<string, Waiting>
  /** Verdicts, since the record may be fetched again before its dead letter is durable. */
  readonly condemned: Map<string, DeadLetterVerdict>
}

type TopicPartition = Pick<FailedRecord, 'topic' | 'partition'>

/**
 * The records that a reader could not handle yet. It counts their attempts, and says which dependency keeps them waiting. A
 * partition has no more of them than one fetch delivers, since the next fetch begins with the lowest.
 */
export class WaitingRecords {
  readonly #partitions = new Map<string, Failures>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Counts the failure and says what to do. A record that becomes a dead letter waits no more. */
  judge(record: FailedRecord, error: unknown): Verdict {
    const { waiting, condemned } = this.#of(record)
    const { offset } = record
    const known = condemned.get(offset)
    if (known !== undefined) return known
    const before = waiting.get(offset)
    const next = this.#next(before)
    const { firstFailedAt } = next
    // What somebody holds back is no failure: ten attempts are still left when it is let go.
    const attempt = error instanceof HeldError ? (before?.attempt ?? 0) : next.attempt
    const verdict = judgeFailure(error, this.#failing(record, attempt, firstFailedAt))
    if (verdict.kind === 'dead-letter') {
      waiting.delete(offset)
      condemned.set(offset, verdict)
    } else {
      const outage = verdict.fault === 'outage' ? verdict.cause : undefined
      waiting.set(offset, { attempt, firstFailedAt, outage })
    }
    return verdict
  }

  /** The same for a reader that takes one record after another: those before this one wait no more. */
  judgeNext(record: FailedRecord, error: unknown): Verdict {
    const { waiting } = this.#of(record)
    for (const offset of waiting.keys()) {
      if (BigInt(offset) < BigInt(record.offset)) waiting.delete(offset)
    }
    return this.judge(record, error)
  }

  /** Something else than the record's own work has failed, such as its dead letter: an outage, whatever it is. */
  hold(
    record: FailedRecord,
    what: string,
    error: unknown,
  ): Extract<Verdict, { readonly kind: 'wait' }> {
    const { waiting } = this.#of(record)
    const { attempt, firstFailedAt } = this.#next(waiting.get(record.offset))
    const outage = `${what}: ${error instanceof Error ? error.message : String(error)}`
    waiting.set(record.offset, { attempt, firstFailedAt, outage })
    return { kind: 'wait', fault: 'outage', delayMs: pauseMs(attempt), cause: outage }
  }

  /** How often the record has failed. */
  attemptsOf(record: Pick<FailedRecord, 'topic' | 'partition' | 'offset'>): number {
    return this.#partitions.get(keyOf(record))?.waiting.get(record.offset)?.attempt ?? 0
  }

  /** The record is done. */
  passed(record: Pick<FailedRecord, 'topic' | 'partition' | 'offset'>): void {
    const failures = this.#partitions.get(keyOf(record))
    failures?.waiting.delete(record.offset)
    failures?.condemned.delete(record.offset)
  }

  /** The partition goes on behind everything that was judged. */
  passedAll(topicPartition: TopicPartition): void {
    this.#partitions.delete(keyOf(topicPartition))
  }

  /** Forgets the partitions that another member has now. */
  keep(assignment: Readonly<Record<string, readonly number[]>>): void {
    const own = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => keyOf({ topic, partition })),
      ),
    )
    for (const key of [...this.#partitions.keys()]) {
      if (!own.has(key)) this.#partitions.delete(key)
    }
  }

  /** Throws while a dependency keeps a record waiting, and names the first such record and the cause. */
  assertNoOutage(): void {
    for (const [key, { waiting }] of this.#partitions) {
      const held = [...waiting].filter(([, { outage }]) => outage !== undefined)
      const [first] = held.toSorted(([one], [other]) => (BigInt(one) < BigInt(other) ? -1 : 1))
      if (first === undefined) continue
      const [offset, { attempt, outage }] = first
      throw new Error(`${key} waits at offset ${offset} since ${attempt} attempts: ${outage}`)
    }
  }

  #of(topicPartition: TopicPartition): Failures {
    const key = keyOf(topicPartition)
    const known = this.#partitions.get(key)
    if (known !== undefined) return known
    const failures = { waiting: new Map(), condemned: new Map() }
    this.#partitions.set(key, failures)
    return failures
  }

  #next(before: Waiting | undefined): Pick<Waiting, 'attempt' | 'firstFailedAt'> {
    return {
      attempt: (before?.attempt ?? 0) + 1,
      firstFailedAt: before?.firstFailedAt ?? this.#now(),
    }
  }

  /** A writer's clock may be wrong, so the time since the first failure counts as well. */
  #failing({ timestampMs }: FailedRecord, attempt: number, firstFailedAt: number): Failing {
    const now = this.#now()
    const byItsClock = Number.isFinite(timestampMs) ? now - timestampMs : 0
    return { attempt, ageMs: Math.max(byItsClock, now - firstFailedAt) }
  }
}

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`
