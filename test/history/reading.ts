import { type Anomaly, type AnomalyKind, anomaly } from './anomaly.ts'
import type { GroupCommits } from './groups.ts'
import { ascending, firstVisible, type Logs } from './log.ts'
import { type Operation, type Place, type PollOperation, placeKey } from './operations.ts'
import { Passed } from './passed.ts'

/** Where a reader stands in a partition. */
type Hand = {
  /** It must not go on before this. */
  readonly next: bigint
  /** It must not go on beyond this, as far as something is there; above `next` after it went back. */
  readonly high: bigint
  /** The operation that brought it there. */
  readonly by: number
}

/**
 * What a process knows since its last assignment. A partition without a hand is read from what the group committed,
 * if there is a group; after an operation of unknown outcome nothing is known.
 */
type Session = {
  readonly group: string | undefined
  readonly assignedAt: number
  readonly hands: Map<string, Hand>
}

/** What one poll read of one partition, in its order. */
type Span = { readonly place: Place; position: bigint | undefined; readonly offsets: bigint[] }

type Known = { readonly logs: Logs; readonly commits: GroupCommits }

/** Follows each process through its polls, and tells which stretches of the partitions were gone through. */
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
      sessions.set(process, { group, assignedAt: operation.begin, hands: new Map() })
    }
    if (operation.kind === 'seek' && outcome === 'ok') {
      for (const position of operation.positions) {
        const { offset } = position
        session.hands.set(placeKey(position), { next: offset, high: offset, by: operation.begin })
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
  return { group: undefined, assignedAt: 0, hands: new Map() }
}

function inOrderOfEnd(operations: readonly Operation[]): readonly Operation[] {
  const endOf = ({ begin, end }: Operation) => (end === Infinity ? begin : end)
  return operations
    .filter(({ kind }) => ['poll', 'assign', 'seek', 'crash'].includes(kind))
    .sort((one, other) => endOf(one) - endOf(other))
}

function spansOf({ positions, records }: PollOperation): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>()
  const spanOf = ({ topic, partition }: Place): Span => {
    const key = placeKey({ topic, partition })
    const span = spans.get(key) ?? {
      ...{ place: { topic, partition }, position: undefined, offsets: [] },
    }
    spans.set(key, span)
    return span
  }
  for (const position of positions) spanOf(position).position = position.offset
  for (const record of records) spanOf(record).offsets.push(record.offset)
  return spans
}

/** Where the poll began to read. */
function startOf({ position, offsets }: Span): bigint | undefined {
  return position ?? ascending(offsets)[0]
}

/** Within one poll. Order and gaps are judged apart, so that two swapped records are no gap. */
function judgeSpan(poll: PollOperation, span: Span, logs: Logs): readonly Anomaly[] {
  const { place, position, offsets } = span
  const found: Anomaly[] = []
  const tell = teller(poll, place)
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
  const log = logs.get(placeKey(place))
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

/** Where a poll begins, against where its reader, or its group, stood. */
function judgeStart(
  poll: PollOperation,
  span: Span,
  { hands, group, assignedAt }: Session,
  { logs, commits }: Known,
  passed: Passed,
): readonly Anomaly[] {
  const key = placeKey(span.place)
  const start = startOf(span)
  if (start === undefined) return []
  const hand = hands.get(key)
  const log = logs.get(key)
  const last = ascending(span.offsets).at(-1)
  const next = last === undefined || last < start ? start : last + 1n
  const high = hand === undefined || hand.high < next ? next : hand.high
  hands.set(key, { next, high, by: poll.begin })
  if (hand !== undefined) {
    passed.add(key, hand.high, start)
    const tell = teller(poll, span.place, hand.by)
    const missed = firstVisible(log, hand.high, start)
    if (missed !== undefined) {
      const says = `the reader stood at ${hand.high}, goes on at ${start} and leaves out ${missed}`
      return [tell('external-poll-skip', says, [missed, start])]
    }
    if (start >= hand.next) return []
    const says = `the reader stood at ${hand.next} and goes on at ${start}`
    return [tell('external-nonmonotonic-poll', says, [hand.next, start])]
  }
  if (group === undefined) return []
  const range = commits.standing(group, key, assignedAt, poll.end)
  if (range === undefined) return []
  passed.add(key, range.highest, start)
  const tell = teller(poll, span.place, assignedAt)
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

function teller(poll: PollOperation, place: Place, ...before: readonly number[]) {
  return (kind: AnomalyKind, says: string, offsets: readonly bigint[]): Anomaly =>
    anomaly(kind, `${poll.process}: ${says}`, {
      ...{ ...place, offsets, operations: [...before, poll.begin] },
    })
}
