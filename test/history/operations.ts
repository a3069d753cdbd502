/**
 * The operations of clients, as they are recorded and judged. An operation is invoked and may complete:
 *
 *     invoke ──► ok        it happened
 *        │  ├───► fail      it surely did not happen, and never will
 *        │  └───► unknown   it may have happened, or happen yet (timeout, lost answer)
 *        └──────► (no more) as unknown: the process died, or the history ends
 *
 * Whoever records must call `fail` only what cannot have happened: a commit that was refused after a retry is unknown.
 */
export type Outcome = 'ok' | 'fail' | 'unknown'
export type Phase = 'invoke' | Outcome

export type Place = { readonly topic: string; readonly partition: number }
export type Position = Place & { readonly offset: bigint }

/** The record that another was made from. `part` tells several effects of one cause in one topic apart. */
export type Cause = { readonly topic: string; readonly value: string; readonly part?: number }

/** `value` is an id: no two different records of a topic share it. The offset is there when the broker has told it. */
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
  /** In the order in which the client gave them. */
  readonly records: readonly SentRecord[]
  readonly transaction?: string
}

/**
 * What one call handed to the client, in its order. A process is one reader: records that were handed over, but must
 * be fetched again, are followed by a seek. `positions` are where the call began to read.
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

/** Within a transaction it counts when that is committed. */
type CommitOffsets = {
  readonly kind: 'commit-offsets'
  readonly group: string
  readonly offsets: readonly Position[]
  readonly transaction?: string
}

/**
 * From now on the process reads these partitions, from what its group has committed; nothing it read before says where
 * it goes on. It is invoked before committed offsets are asked for.
 */
type Assign = {
  readonly kind: 'assign'
  readonly group?: string
  readonly partitions: readonly Place[]
}

type Seek = { readonly kind: 'seek'; readonly positions: readonly Position[] }

/** The process is gone. One that starts under its name remembers nothing. */
type Crash = { readonly kind: 'crash' }

/** After all writing: everything below these ends, of all partitions of these topics, has been read by somebody. */
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
  /** Infinity when nothing was heard of it. */
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

/** One text for each partition, as a key of maps. */
export const placeKey = ({ topic, partition }: Place): string => `${topic}-${partition}`
