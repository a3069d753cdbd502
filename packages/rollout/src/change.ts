import type { Plan } from './plan.ts'
import type { Reading } from './reading.ts'

/** The system that is replaced, and the one that replaces it. */
export type Side = 'old' | 'new'

export function otherSide(side: Side): Side {
  return side === 'old' ? 'new' : 'old'
}

/**
 * What one change is made of: the only file that differs from change to change. The library decides when each of these is called
 * and writes that into its log first, so a kill between the two repeats the call: **every function here is idempotent**, stops
 * when its signal is aborted, and throws rather than doing a half.
 *
 * A member is needed only when the plan has its phase; `faultsOf` (faults.ts) says what is missing.
 */
export type Change = {
  /** In the names of flags, metrics' labels and the log: `orders-to-the-log`. */
  readonly name: string
  /** What changes, in one line for people. */
  readonly title: string
  readonly plan: Plan
  readonly probes: Probes
  /** The new path on copies, without side effects: a group, topics and a quota of its own. Phase `shadow`. */
  readonly shadow?: Part
  /** Writes both sides in one transaction while the old one is authoritative. Phase `dual-write`. */
  readonly dualWrite?: Part
  /** Brings history to the new side. Phases `backfill-before` and `backfill-after`. */
  readonly backfillBefore?: Backfill
  readonly backfillAfter?: Backfill
  /** Who may write. Phase `cutover-writes` needs all three. */
  readonly authority?: Authority
  readonly writers?: Readonly<Record<Side, Writer>>
  readonly comparison?: Comparison
  /** Keeps the old side current once the new one is authoritative, so that there is a way back. Phase `cutover-writes`. */
  readonly reverseSync?: Part
  /** Phase `retire`. */
  readonly retirement?: Retirement
}

/** Something that runs in some phases only. */
export type Part = {
  /** Resolves when it works; changes nothing when it already does. */
  readonly start: (signal: AbortSignal) => Promise<void>
  /** Resolves when it does nothing any more. What it has written stays. */
  readonly stop: (signal: AbortSignal) => Promise<void>
  /** What it has written that nobody needs once it is given up: for people who decide between resuming and discarding. */
  readonly residue: () => Promise<readonly Residue[]>
  /** Removes its residue. It is stopped. A later start begins anew, with the same result. */
  readonly discard: (signal: AbortSignal) => Promise<void>
}

export type Residue = {
  readonly kind: 'topic' | 'group' | 'rows' | 'slot' | 'file'
  readonly name: string
  readonly count?: number
}

/**
 * A part that reads history in chunks. A live write during a chunk wins over the chunk's row (DBLog's rule), and each chunk's
 * count and hash are compared. It resumes after its last finished chunk, and yields to live traffic by itself.
 */
export type Backfill = Part & { readonly progress: () => Promise<BackfillProgress> }

export type BackfillProgress = {
  readonly chunks: number
  readonly rows: number
  readonly remainingRows: number
  /** Chunks whose count or hash differed. */
  readonly mismatchedChunks: number
  /** Since when it waits for live traffic; undefined while it reads. */
  readonly yieldingSinceMs?: number
}

/**
 * Which side may write, where both sides' writers check it inside the transaction that writes. A writer that took it for its own
 * at an earlier epoch must fail, however late it comes.
 */
export type Authority = {
  readonly read: () => Promise<AuthorityRecord>
  /**
   * Nobody may write from now on, until `open` or until the lease has passed, when the holder may write again: a controller that
   * dies here stops writes for the lease at most. Raises the epoch, and resolves when no transaction of an earlier one is open.
   *
   * @param term version of the log at which the transition was written.
   * @throws Error when it was closed at a later term: whoever calls was replaced meanwhile.
   */
  readonly close: (term: number, leaseMs: number, signal: AbortSignal) => Promise<AuthorityRecord>
  /**
   * Gives it to a side, raising the epoch. Compares and sets in one transaction.
   *
   * @throws Error when the epoch is another than that of `close`, or its lease has passed.
   */
  readonly open: (holder: Side, closedEpoch: number) => Promise<AuthorityRecord>
}

export type AuthorityRecord = {
  readonly holder: Side
  readonly epoch: number
  /** Nobody may write, the holder included. */
  readonly isClosed: boolean
}

export type Writer = {
  /** With writes closed: waits until the other side has everything that this one wrote, and says up to where (an LSN). */
  readonly drain: (signal: AbortSignal) => Promise<string>
  /** Makes writes of an earlier epoch fail also outside of the authority's database: a transactional id, a credential. */
  readonly fence: (epoch: number, signal: AbortSignal) => Promise<void>
}

/** Compares both sides by field, with rules for what may differ. */
export type Comparison = {
  /** Both sides as they are at a position at which nobody writes. */
  readonly at: (position: string, signal: AbortSignal) => Promise<ComparisonResult>
  /** Each with a reason, and the day from which the difference counts as one again. */
  readonly ignored: readonly IgnoreRule[]
}

export type IgnoreRule = { readonly field: string; readonly reason: string; readonly until: string }

export type ComparisonResult = {
  readonly compared: number
  readonly mismatched: number
  /** Of those, such in which an amount or a currency differs. */
  readonly moneyMismatched: number
  /** A few, for people: which record, which field, both values. Without personal data. */
  readonly samples: readonly Mismatch[]
}

export type Mismatch = {
  readonly key: string
  readonly field: string
  readonly old: unknown
  readonly new: unknown
}

/** Rights first, data later: a reader that appears between the two is heard of, and nothing is lost yet. */
export type Retirement = {
  readonly revoke: (signal: AbortSignal) => Promise<void>
  readonly grant: (signal: AbortSignal) => Promise<void>
  /** Keeps a snapshot first. */
  readonly remove: (signal: AbortSignal) => Promise<void>
  /** From the snapshot, with what was written since. */
  readonly restore: (signal: AbortSignal) => Promise<void>
}

/** By the name that gates use. */
export type Probes = Readonly<Record<string, Probe>>

/** Measures one metric, within the time of its signal. Undefined, like an error, is a missing metric: it never promotes. */
export type Probe = (at: ProbeTime) => Promise<Reading | undefined>

export type ProbeTime = {
  /** When the step that is watched was entered. What happened before does not count for its gate. */
  readonly sinceMs: number
  readonly nowMs: number
  readonly signal: AbortSignal
}
