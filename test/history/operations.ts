/**
 * The operations of clients that are recorded and judged. An operation is invoked and may complete:
 *
 *     invoke ──► ok        it happened
 *        │  ├───► fail      it surely did not happen, and never will
 *        │  └───► unknown   it may have happened, or happen yet (timeout, lost answer)
 *        └──────► (no more) as unknown: the process died, or the history ends
 *
 * The recording client must report `fail` only for what cannot have happened: a commit refused after a retry is unknown.
 */
export type Outcome = 'ok' | 'fail' | 'unknown'
export type Phase = 'invoke' | Outcome

export type TopicPartition = { readonly topic: string; readonly partition: number }
export type Position = TopicPartition & { readonly offset: bigint }

/** The record that another was made from. `part` distinguishes several effects of one cause in one topic. */
export type Cause = { readonly topic: string; readonly value: string; readonly part?: number }

/** `value` is an id, unique among the records of a topic. The offset is set when the broker returned it. */
export type SentRecord = {
  readonly topic: string
  readonly partition?: number
  readonly offset?: bigint
  readonly key?: string | null
  readonly value: string
  readonly cause?: Cause
}

export type PolledRecord = Position & {
  readonly key?: string | null
  readonly value: string
  readonly cause?: Cause
}

type Send = {
  readonly kind: 'send'
  /** In the order in which the client passed them. */
  readonly records: readonly SentRecord[]
  readonly transaction?: string
}

/**
 * The records that one call returned to the client, in its order. A process is one reader: when it must fetch returned
 * records again, a seek follows. `positions` are the offsets at which the call began to read.
 */
type Poll = {
  readonly kind: 'poll'
  readonly positions: readonly Position[]
  readonly records: readonly PolledRecord[]
}

/** `transaction` names one transaction, not the producer: it is never used again. */
type Begin = { readonly kind: 'begin'; readonly transaction: string }
type Commit = { readonly kind: 'commit'; readonly transaction: string }
type Abort = { readonly kind: 'abort'; readonly transaction: string }

/** Within a transaction it takes effect when that is committed. */
type CommitOffsets = {
  readonly kind: 'commit-offsets'
  readonly group: string
  readonly offsets: readonly Position[]
  readonly transaction?: string
}

/**
 * From now on the process reads these partitions, from its group's committed offsets; its earlier positions no longer
 * count. It is invoked before the committed offsets are requested.
 */
type Assign = {
  readonly kind: 'assign'
  readonly group?: string
  readonly partitions: readonly TopicPartition[]
}

type Seek = { readonly kind: 'seek'; readonly positions: readonly Position[] }

/** The process has ended. One that starts under its name knows nothing of it. */
type Crash = { readonly kind: 'crash' }

/** After all writes: everything below these offsets, in all partitions of these topics, has been read. */
type FinalRead = { readonly kind: 'final-read'; readonly positions: readonly Position[] }

/** Each record of `from` that the group has committed must have an effect in `to`. */
type Expect = {
  readonly kind: 'expect'
  readonly from: string
  readonly to: string
  readonly group: string
}

export type Body =
  | Send
  | Poll
  | Begin
  | Commit
  | Abort
  | CommitOffsets
  | Assign
  | Seek
  | Crash
  | FinalRead
  | Expect

export type Kind = Body['kind']
export type BodyOf<One extends Kind> = Extract<Body, { kind: One }>

/** `begin` and `end` are indexes of the history: what ends before another begins has happened before it. */
export type Operation<One extends Body = Body> = One & {
  readonly process: string
  readonly outcome: Outcome
  readonly begin: number
  /** Infinity when it never completed. */
  readonly end: number
  readonly timeUs: number
}

export type SendOperation = Operation<Send>
export type PollOperation = Operation<Poll>
export type CommitOffsetsOperation = Operation<CommitOffsets>

/** Only operations of one kind. */
export function ofKind<One extends Kind>(
  operations: readonly Operation[],
  kind: One,
): readonly Operation<BodyOf<One>>[] {
  return operations.filter(
    (operation): operation is Operation<BodyOf<One>> => operation.kind === kind,
  )
}

/** A text for each topic-partition, as the key of maps. */
export const topicPartitionKey = ({ topic, partition }: TopicPartition): string =>
  `${topic}-${partition}`
