import { type Anomaly, type AnomalyKind, anomaly } from './anomaly.ts'
import type { GroupCommits } from './groups.ts'
import { ascending, firstVisible, type Logs } from './log.ts'
import {
  type Operation,
  type PollOperation,
  type TopicPartition,
  topicPartitionKey,
} from './operations.ts'
import { Passed } from './passed.ts'

/** The position of a reader in a partition. */
type ReaderPosition = {
  /** It must not continue before this offset. */
  readonly next: bigint
  /** It must not skip visible records from this offset on; above `next` after it went back. */
  readonly high: bigint
  /** The operation that set the position. */
  readonly by: number
}

/**
 * What a process knows since its last assignment. A partition without a position is read from the group's committed offset, if
 * there is a group; after an operation of unknown outcome nothing is known.
 */
type Session = {
  readonly group: string | undefined
  readonly assignedAt: number
  readonly readerPositions: Map<string, ReaderPosition>
}

/** The offsets of one partition in one poll, in its order. */
type Span = {
  readonly topicPartition: TopicPartition
  position: bigint | undefined
  readonly offsets: bigint[]
}

type Known = { readonly logs: Logs; readonly commits: GroupCommits }

/** Follows each process through its polls, and returns the anomalies and the ranges of offsets that were read. */
export function judgeReading(
  operations: readonly Operation[],
  known: Known,
): { readonly found: readonly Anomaly[]; readonly passed: Passed } {
  const found: Anomaly[] = []
  const passed = new Passed()
  const sessions = new Map<string, Session>()
  for (const operation of inOrderOfEnd(operations)) {
    const { process, outcome } = operation
    const session = sessions.get(process) ?? nothingKnown()
    sessions.set(process, session)
    if (operation.kind === 'crash') sessions.set(process, nothingKnown())
    if (operation.kind === 'assign' && outcome !== 'fail') {
      const group = outcome === 'ok' ? operation.group : undefined
      sessions.set(process, { group, assignedAt: operation.begin, readerPositions: new Map() })
    }
    if (operation.kind === 'seek' && outcome === 'ok') {
      for (const position of operation.positions) {
        const { offset } = position
        session.readerPositions.set(topicPartitionKey(position), {
          next: offset,
          high: offset,
          by: operation.begin,
        })
      }
    }
    if (operation.kind === 'poll') {
      for (const [key, span] of spansOf(operation)) {
        found.push(...judgeSpan(operation, span, known.logs))
        if (outcome === 'ok') found.push(...judgeStart(operation, span, session, known, passed))
        const last = ascending(span.offsets).at(-1)
        const from = startOf(span)
        if (last !== undefined && from !== undefined) passed.add(key, from, last + 1n)
      }
    }
    const isVague = operation.kind === 'poll' || operation.kind === 'seek'
    if (isVague && outcome === 'unknown') sessions.set(process, nothingKnown())
  }
  return { found, passed }
}

function nothingKnown(): Session {
  return { group: undefined, assignedAt: 0, readerPositions: new Map() }
}

function inOrderOfEnd(operations: readonly Operation[]): readonly Operation[] {
  const endOf = ({ begin, end }: Operation) => (end === Infinity ? begin : end)
  return operations
    .filter(({ kind }) => ['poll', 'assign', 'seek', 'crash'].includes(kind))
    .sort((one, other) => endOf(one) - endOf(other))
}

function spansOf({ positions, records }: PollOperation): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>()
  const spanOf = ({ topic, partition }: TopicPartition): Span => {
    const key = topicPartitionKey({ topic, partition })
    const span = spans.get(key) ?? {
      ...{ topicPartition: { topic, partition }, position: undefined, offsets: [] },
    }
    spans.set(key, span)
    return span
  }
  for (const position of positions) spanOf(position).position = position.offset
  for (const record of records) spanOf(record).offsets.push(record.offset)
  return spans
}

/** The offset at which the poll began. */
function startOf({ position, offsets }: Span): bigint | undefined {
  return position ?? ascending(offsets)[0]
}

/** Judges one poll. Order and gaps are judged separately, so that two swapped records are no gap. */
function judgeSpan(poll: PollOperation, span: Span, logs: Logs): readonly Anomaly[] {
  const { topicPartition, position, offsets } = span
  const found: Anomaly[] = []
  const tell = teller(poll, topicPartition)
  const back = offsets.findIndex((offset, at) => offset <= (offsets[at - 1] ?? -1n))
  if (back > 0) {
    const two = offsets.slice(back - 1, back + 1)
    const says = `the poll has offset ${two[1]} after ${two[0]}`
    found.push(tell('internal-nonmonotonic-poll', says, two))
  }
  const sorted = ascending(offsets)
  const [lowest] = sorted
  if (position !== undefined && lowest !== undefined && lowest < position) {
    const says = `the poll began at ${position} and has offset ${lowest}`
    found.push(tell('internal-nonmonotonic-poll', says, [position, lowest]))
  }
  let next = position ?? lowest ?? 0n
  const log = logs.get(topicPartitionKey(topicPartition))
  for (const offset of sorted) {
    const missed = firstVisible(log, next, offset)
    if (missed !== undefined) {
      const says = `the poll goes from ${next} to ${offset} and leaves out ${missed}`
      found.push(tell('internal-poll-skip', says, [missed, offset]))
      break
    }
    if (offset >= next) next = offset + 1n
  }
  return found
}

/** Compares the begin of a poll with the position of its reader, or of its group. */
function judgeStart(
  poll: PollOperation,
  span: Span,
  { readerPositions, group, assignedAt }: Session,
  { logs, commits }: Known,
  passed: Passed,
): readonly Anomaly[] {
  const key = topicPartitionKey(span.topicPartition)
  const start = startOf(span)
  if (start === undefined) return []
  const readerPosition = readerPositions.get(key)
  const log = logs.get(key)
  const last = ascending(span.offsets).at(-1)
  const next = last === undefined || last < start ? start : last + 1n
  const high =
    readerPosition === undefined || readerPosition.high < next ? next : readerPosition.high
  readerPositions.set(key, { next, high, by: poll.begin })
  if (readerPosition !== undefined) {
    passed.add(key, readerPosition.high, start)
    const tell = teller(poll, span.topicPartition, readerPosition.by)
    const missed = firstVisible(log, readerPosition.high, start)
    if (missed !== undefined) {
      const says = `the reader stood at ${readerPosition.high}, goes on at ${start} and leaves out ${missed}`
      return [tell('external-poll-skip', says, [missed, start])]
    }
    if (start >= readerPosition.next) return []
    const says = `the reader stood at ${readerPosition.next} and goes on at ${start}`
    return [tell('external-nonmonotonic-poll', says, [readerPosition.next, start])]
  }
  if (group === undefined) return []
  const range = commits.standing(group, key, assignedAt, poll.end)
  if (range === undefined) return []
  passed.add(key, range.highest, start)
  const tell = teller(poll, span.topicPartition, assignedAt)
  const missed = firstVisible(log, range.highest, start)
  if (missed !== undefined) {
    const says = `${group} stood at ${range.highest}, goes on at ${start} and leaves out ${missed}`
    return [tell('group-poll-skip', says, [missed, start])]
  }
  const again = firstVisible(log, start, range.lowest)
  if (again === undefined) return []
  const says = `${group} stood at ${range.lowest} and reads ${again} again`
  return [tell('group-nonmonotonic-poll', says, [range.lowest, again])]
}

function teller(poll: PollOperation, topicPartition: TopicPartition, ...before: readonly number[]) {
  return (kind: AnomalyKind, says: string, offsets: readonly bigint[]): Anomaly =>
    anomaly(kind, `${poll.process}: ${says}`, {
      ...{ ...topicPartition, offsets, operations: [...before, poll.begin] },
    })
}
