import type { LabelsOf } from '@tenseams/telemetry/instruments'
import type { Log } from '@tenseams/telemetry/log'
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import type { Registry } from 'prom-client'
import { type DeadLetters, deadLetterOf } from './dead-letter.ts'
import { DoneAhead } from './done-ahead.ts'
import type { Verdict } from './failure.ts'
import { GroupMember, longFetch } from './group-member.ts'
import { deadLetteredRecords, handledRecords, handlerDurations } from './metrics.ts'
import { type ConsumedRecord, recordOf } from './record.ts'
import { fieldsOf, type KeyField } from './record-fields.ts'
import { SharedCommit } from './shared-commit.ts'
import { BatchOrder, sideBySide } from './side-by-side.ts'
import { inProcessStep } from './tracing/process-step.ts'
import { WaitingRecords } from './waiting-records.ts'

export type ConsumptionOptions = {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /** Returns when the record's effect is durable. A record may be redelivered: drop repeats by event id. */
  readonly handle: (record: ConsumedRecord) => Promise<void>
  /** Records of one partition that are handled at the same time, each of another key. A member handles four partitions at once. */
  readonly atOnce?: number
  readonly deadLetters: DeadLetters
  readonly metrics: Registry
  readonly log: Pick<Log, 'info' | 'warn'>
  /** The field of log lines that a record's key is; left out when it is none. */
  readonly keyField?: KeyField
  readonly sessionTimeoutMs?: number
  /** When a record's offset is committed: `commitAfterEffect` unless given. */
  readonly commitOffset?: OffsetCommit
}

/** One record of a batch, as the decision on its offset sees it. */
export type RecordInBatch = {
  /** True when the offset may be committed, because the record's effect or its dead-letter record is durable. */
  handle(): Promise<boolean>
  /** Counts the record as done and commits the offset up to which all are, now. */
  commit(): Promise<void>
}

/** Returns whether the record is done, so that the next one of its key may follow. */
export type OffsetCommit = (record: RecordInBatch) => Promise<boolean>

/** The offset is resolved when this returns true, and committed with those of the rest of the batch. */
export const commitAfterEffect: OffsetCommit = ({ handle }) => handle()

type WaitVerdict = Extract<Verdict, { readonly kind: 'wait' }>

type HandlerOutcome = LabelsOf<'tenseams_handler_duration_seconds'>['outcome']

/** A batch that is being handled. */
type Run = {
  readonly payload: EachBatchPayload
  readonly order: BatchOrder<KafkaMessage>
  readonly commits: SharedCommit
  readonly waiting: {
    readonly record: ConsumedRecord
    readonly verdict: WaitVerdict
    readonly error: unknown
  }[]
  /** No further record starts; what was not started is fetched again. */
  isCut: boolean
}

const AT_ONCE = 64
/**
 * When so many records of a batch wait, nothing more of it is started: the fault may be ours with all of them, and nobody
 * wants to find a whole topic in the dead letters.
 */
const MOST_WAITING = 8
/** How often a long batch commits, and may send a heartbeat. */
const KEEP_UP_MS = 1_000

/**
 * Reads durably: only committed data, no offset committed or resolved by the library (group-member.ts), and each offset
 * committed after the effect.
 *
 * Within a fetched batch, records of different keys are handled side by side; those of one key follow each other in the order
 * of their offsets, and records without a key count as one key (side-by-side.ts). The offset is committed up to the lowest
 * record that is not done: once a batch, together with other batches that end meanwhile, and every second in a long one.
 *
 * A record that cannot be used becomes a dead letter, in the order of its key. One that must wait holds back the later
 * records of its key and the committed offset, but not its neighbours: those of the batch that follow no record that waits
 * are handled. After an outage, or what somebody holds back, which would meet all of them, or when eight wait, nothing more is started. Then the partition
 * pauses for the longest time that one of them asks for, and is fetched again from the lowest that is not done. So a reader is
 * never further ahead of its committed offset than one fetch, and other partitions continue.
 *
 * Delivery is at least once: after a crash or a rebalance all records above the committed offset are redelivered, also those
 * that were done ahead of it; the handler's inbox drops the repeats. Within one assignment this process remembers what it has
 * done ahead (done-ahead.ts) and does not handle it again.
 */
export class Consumption {
  readonly #options: ConsumptionOptions
  readonly #member: GroupMember
  readonly #commitOffset: OffsetCommit
  readonly #waiting = new WaitingRecords()
  readonly #doneAhead = new DoneAhead()
  /** Of this assignment. */
  #commits = new SharedCommit()
  readonly #handled: ReturnType<typeof handledRecords>
  readonly #deadLettered: ReturnType<typeof deadLetteredRecords>
  readonly #durations: ReturnType<typeof handlerDurations>

  constructor(options: ConsumptionOptions) {
    this.#options = options
    this.#commitOffset = options.commitOffset ?? commitAfterEffect
    this.#handled = handledRecords(options.metrics, options)
    this.#deadLettered = deadLetteredRecords(options.metrics, options)
    this.#durations = handlerDurations(options.metrics)
    this.#member = new GroupMember({
      ...options,
      ...longFetch,
      onJoined: (assignment) => {
        this.#waiting.keep(assignment)
        this.#doneAhead.forget()
        this.#commits = new SharedCommit()
      },
      handleBatch: (payload) => this.#handleBatch(payload),
    })
  }

  /** Starts to read and returns at once; waits for an unavailable broker. */
  start(): void {
    this.#member.start()
  }

  /** Throws while the group has not been joined, or a dependency keeps a record waiting. */
  assertReady(): void {
    this.#member.assertReady()
    this.#waiting.assertNoOutage()
  }

  /** Finishes the records under way, commits, and leaves the group. */
  close(): Promise<void> {
    return this.#member.close()
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const order = new BatchOrder(batch.messages, this.#doneAhead.isDoneIn(batch))
    const run: Run = { payload, order, commits: this.#commits, waiting: [], isCut: false }
    const keepingUp = setInterval(() => void keepUp(run), KEEP_UP_MS)
    try {
      await sideBySide(order, {
        atOnce: this.#options.atOnce ?? AT_ONCE,
        mayStart: () => !run.isCut && payload.isRunning() && !payload.isStale(),
        handle: (message) => this.#take(run, message),
      })
    } finally {
      clearInterval(keepingUp)
      this.#doneAhead.remember(batch, order)
    }
    this.#pause(run)
    await commit(run)
  }

  /** Returns whether the record is done. */
  #take(run: Run, message: KafkaMessage): Promise<boolean> {
    return this.#commitOffset({
      handle: () => this.#handleRecord(run, recordOf(run.payload.batch, message)),
      commit: () => {
        run.order.pass(message)
        return commit(run)
      },
    })
  }

  /** True when the offset may be committed, because the record's effect or its dead-letter record is durable. */
  async #handleRecord(run: Run, record: ConsumedRecord): Promise<boolean> {
    const begunMs = performance.now()
    try {
      if (record.unreadable !== undefined) throw record.unreadable
      const { groupId, handle } = this.#options
      await inProcessStep(record, groupId, () => handle(record))
      this.#handled.inc({ topic: record.topic, group: this.#options.groupId })
      this.#waiting.passed(record)
      this.#observe(record, 'done', begunMs)
      return true
    } catch (error) {
      const outcome = await this.#handleFailure(run, record, error)
      this.#observe(record, outcome, begunMs)
      return outcome === 'dead-letter'
    }
  }

  #observe({ topic }: ConsumedRecord, outcome: HandlerOutcome, begunMs: number): void {
    const labels = { topic, group: this.#options.groupId, outcome }
    this.#durations.observe(labels, (performance.now() - begunMs) / 1_000)
  }

  async #handleFailure(run: Run, record: ConsumedRecord, error: unknown): Promise<HandlerOutcome> {
    const verdict = this.#waiting.judge(record, error)
    if (verdict.kind === 'wait') return holdBack(run, record, verdict, error)
    const { groupId: group, keyField } = this.#options
    const { reason } = verdict
    const context = { group, ...fieldsOf(record, keyField), reason, err: error }
    this.#options.log.warn(context, 'record goes to the dead letter topic')
    try {
      await this.#deadLetter(record, verdict)
      return 'dead-letter'
    } catch (failure) {
      const waiting = this.#waiting.hold(record, 'its dead letter cannot be written', failure)
      return holdBack(run, record, waiting, failure)
    }
  }

  async #deadLetter(
    record: ConsumedRecord,
    verdict: Extract<Verdict, { readonly kind: 'dead-letter' }>,
  ): Promise<void> {
    const { groupId, deadLetters } = this.#options
    await deadLetters.write(deadLetterOf(record, verdict, groupId))
    this.#deadLettered.inc({ topic: record.topic, group: groupId, reason: verdict.reason })
    this.#waiting.passed(record)
  }

  /** The records that wait are fetched again after the pause; other partitions go on. */
  #pause({ payload, waiting }: Run): void {
    const [longest] = waiting.toSorted((one, other) => other.verdict.delayMs - one.verdict.delayMs)
    if (longest === undefined) return
    const { record, verdict, error } = longest
    const { groupId: group, keyField } = this.#options
    const { fault, delayMs } = verdict
    const attempt = this.#waiting.attemptsOf(record)
    const about = { group, ...fieldsOf(record, keyField), attempt }
    const records = waiting.length
    this.#options.log.warn({ ...about, fault, delayMs, records, err: error }, 'partition pauses')
    setTimeout(payload.pause(), delayMs)
  }
}

/** The record is not done: it waits for a dependency or for what precedes it, or our handler has failed. */
function holdBack(
  run: Run,
  record: ConsumedRecord,
  verdict: WaitVerdict,
  error: unknown,
): HandlerOutcome {
  run.waiting.push({ record, verdict, error })
  const isOfAll = verdict.fault === 'outage' || verdict.fault === 'held'
  if (isOfAll || run.waiting.length >= MOST_WAITING) run.isCut = true
  return isOfAll || verdict.fault === 'early' ? 'wait' : 'failed'
}

/**
 * Keeps membership and committed offset up to date while a batch takes long. After an error nothing more of the batch is
 * started: kafkajs meets the same one after the batch, and rejoins.
 */
async function keepUp(run: Run): Promise<void> {
  try {
    await run.payload.heartbeat()
    await commit(run)
  } catch {
    run.isCut = true
  }
}

/** Commits up to the lowest record that is not done, and what other partitions have resolved. */
async function commit({ payload, order, commits }: Run): Promise<void> {
  const last = order.lastUnbroken
  if (last !== undefined) payload.resolveOffset(last.offset)
  await commits.join(() => payload.commitOffsetsIfNecessary(payload.uncommittedOffsets()))
}
